import { createRequire } from 'node:module';
import type * as Pkcs11 from 'pkcs11js';
import { SecretBytes } from '#crypto';
import { ClavigerError, StopError } from '#domain';
import type { TokenPlace } from './uri.ts';

/** What the thread works with: a session that is logged in. */
export type Session = {
  readonly api: typeof Pkcs11;
  readonly module: Pkcs11.PKCS11;
  readonly slot: Pkcs11.Handle;
  readonly session: Pkcs11.Handle;
};

/** Return values (PKCS #11 v2.40, 5.1) that say that the token, or our session with it, is not there any more. */
const goneCodes: ReadonlySet<number> = new Set([
  0x30, // CKR_DEVICE_ERROR
  0x31, // CKR_DEVICE_MEMORY
  0x32, // CKR_DEVICE_REMOVED
  0xb0, // CKR_SESSION_CLOSED
  0xb3, // CKR_SESSION_HANDLE_INVALID
  0xe0, // CKR_TOKEN_NOT_PRESENT
  0xe1, // CKR_TOKEN_NOT_RECOGNIZED
  0x03, // CKR_SLOT_ID_INVALID
  0x101, // CKR_USER_NOT_LOGGED_IN
  0x190, // CKR_CRYPTOKI_NOT_INITIALIZED
]);
const alreadyInitialised = 0x191;
const alreadyLoggedIn = 0x100;
const pinRefusals: ReadonlySet<number> = new Set([0xa0, 0xa1, 0xa2, 0xa3, 0xa4]);
const finalTry = 0x20_000;
const locked = 0x40_000;
const initialised = 0x400;

/** The return value of a failed call; null for an error of another kind. */
export function returnValue(error: unknown): number | null {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'number' ? code : null;
}

function loadBinding(): typeof Pkcs11 {
  try {
    return createRequire(import.meta.url)('pkcs11js') as typeof Pkcs11;
  } catch (cause) {
    throw new ClavigerError(
      'configuration-invalid',
      'PKCS #11 needs the package pkcs11js, which is not installed or not built: install g++, make and python3, then run npm rebuild pkcs11js (or npm install).',
      { cause },
    );
  }
}

/** A token, found by its label; synchronous, and used by one thread alone. */
export class Token {
  readonly #place: TokenPlace;
  readonly #pin: SecretBytes;
  #api: typeof Pkcs11 | null = null;
  #module: Pkcs11.PKCS11 | null = null;
  #open: Session | null = null;
  /** A PIN that was refused is never tried again. */
  #refusal: StopError | null = null;

  constructor(place: TokenPlace, pin: SecretBytes) {
    this.#place = place;
    this.#pin = pin;
  }

  /**
   * Does work in a session. Where the token is gone the error is `root-unavailable`, and the next call looks for it again: once
   * in the call itself, because a session that broke need not mean that the token is away.
   */
  use<T>(work: (session: Session) => T): T {
    const had = this.#open !== null;
    try {
      return work(this.#connected());
    } catch (error) {
      const code = returnValue(error);
      if (code === null) throw error;
      if (!this.#isGone(code)) throw error;
      this.#forget();
      if (had) return this.use(work);
      throw this.#unavailable(error);
    }
  }

  /** Resolves where the token answers in a session that is logged in. */
  probe(): void {
    this.use((open) => {
      const state = open.module.C_GetSessionInfo(open.session).state;
      // CKS_RW_USER_FUNCTIONS
      if (state !== 3) throw Object.assign(new Error('not logged in'), { code: 0x101 });
      // some tokens answer for a session whose objects are gone: an object of ours is asked for
      this.#requireToken(open);
      open.module.C_GenerateRandom(open.session, Buffer.alloc(8));
    });
  }

  close(): void {
    this.#forget();
    this.#pin[Symbol.dispose]();
  }

  #requireToken({ module, slot }: Session): void {
    const { label } = module.C_GetTokenInfo(slot);
    if (label.trimEnd() !== this.#place.token) throw Object.assign(new Error('other token'), { code: 0xe0 });
  }

  /** Whether a failure says that the token is away; what says nothing is asked of the token itself. */
  #isGone(code: number): boolean {
    if (goneCodes.has(code)) return true;
    try {
      this.#renew();
      return false;
    } catch {
      return true;
    }
  }

  /** A session in which a call failed may still be busy with it: another one takes its place, and the login stays. */
  #renew(): void {
    const old = this.#open;
    if (!old) throw new Error('no session');
    const { module, slot, api } = old;
    const session = module.C_OpenSession(slot, api.CKF_SERIAL_SESSION | api.CKF_RW_SESSION);
    module.C_CloseSession(old.session);
    this.#open = { ...old, session };
    this.#requireToken(this.#open);
    if (!this.#hasObjects(this.#open)) throw new Error('an empty token');
  }

  /** A token that holds nothing at all any more was taken away beneath its module, or made anew. */
  #hasObjects({ module, session }: Session): boolean {
    module.C_FindObjectsInit(session, []);
    const found = module.C_FindObjects(session, 1);
    module.C_FindObjectsFinal(session);
    return found.length > 0;
  }

  #connected(): Session {
    if (this.#refusal) throw this.#refusal;
    if (this.#open) return this.#open;
    this.#api ??= loadBinding();
    const api = this.#api;
    const module = this.#initialised(api);
    const slot = this.#slotOf(module);
    const flags = api.CKF_SERIAL_SESSION | api.CKF_RW_SESSION;
    const session = module.C_OpenSession(slot, flags);
    this.#login(module, slot, session);
    this.#open = { api, module, slot, session };
    return this.#open;
  }

  #initialised(api: typeof Pkcs11): Pkcs11.PKCS11 {
    if (this.#module) return this.#module;
    const module = new api.PKCS11();
    try {
      module.load(this.#place.modulePath);
    } catch (cause) {
      throw new ClavigerError(
        'root-unavailable',
        `The PKCS #11 module ${this.#place.modulePath} can't be loaded.`,
        { cause },
      );
    }
    try {
      module.C_Initialize();
    } catch (error) {
      if (returnValue(error) !== alreadyInitialised) throw error;
    }
    this.#module = module;
    return module;
  }

  #slotOf(module: Pkcs11.PKCS11): Pkcs11.Handle {
    const { token, serial } = this.#place;
    const fitting = module.C_GetSlotList(true).filter((slot) => {
      const info = module.C_GetTokenInfo(slot);
      if ((info.flags & initialised) === 0 || info.label.trimEnd() !== token) return false;
      return serial === null || info.serialNumber.trimEnd() === serial;
    });
    const [slot] = fitting;
    if (fitting.length > 1)
      throw new StopError('root-refused', `Several tokens are labelled ${token}: name one by serial=.`);
    if (!slot) throw Object.assign(new Error('no such token'), { code: 0xe0 });
    return slot;
  }

  //= design 5: a wrong PIN stops, at once
  #login(module: Pkcs11.PKCS11, slot: Pkcs11.Handle, session: Pkcs11.Handle): void {
    const { flags } = module.C_GetTokenInfo(slot);
    if ((flags & (finalTry | locked)) !== 0) {
      this.#refusal = new StopError(
        'root-refused',
        `The token ${this.#place.token} is locked or has one try left: nothing is tried. Log in by hand (pkcs11-tool --login), then start again.`,
      );
      throw this.#refusal;
    }
    try {
      // the binding takes text alone; this copy is the collector's to forget
      this.#pin.use((pin) => module.C_Login(session, 1, Buffer.from(pin).toString('utf8')));
    } catch (error) {
      const code = returnValue(error);
      if (code === alreadyLoggedIn) return;
      if (code === null || !pinRefusals.has(code)) throw error;
      this.#refusal = new StopError(
        'root-refused',
        `The token ${this.#place.token} refuses the PIN. It is not tried again; correct ${this.#place.pinSource.split(':')[0]}: of pin-source, then start again.`,
      );
      throw this.#refusal;
    }
  }

  /** Lets go of everything, so that the module looks at its slots anew. */
  #forget(): void {
    this.#open = null;
    try {
      this.#module?.C_Finalize();
    } catch {
      // it was not initialised any more
    }
    try {
      this.#module?.close();
    } catch {
      // nothing is left to close
    }
    this.#module = null;
  }

  #unavailable(cause: unknown): ClavigerError {
    return new ClavigerError(
      'root-unavailable',
      `The token ${this.#place.token} does not answer; it is looked for again at the next use.`,
      { cause },
    );
  }
}
