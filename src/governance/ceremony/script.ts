import {
  dayOf,
  lines,
  list,
  paragraph,
  signatures,
  type Block,
  type Section,
  type WrittenDocument,
} from '../documents/document.ts';
import { shellWord } from '../due/deadline.ts';
import { roleTasks, ceremonyRoles, type CeremonyRole } from './roles.ts';

export const ceremonyKinds = ['root-in-shares', 'new-shares', 'root-migration', 'recovery-holders'] as const;
export type CeremonyKind = (typeof ceremonyKinds)[number];

/** What a ceremony is to be like. */
export type ScriptWish = {
  readonly kind: CeremonyKind;
  /** The day, as YYYY-MM-DD. */
  readonly date: string;
  readonly place: string;
  /** Names of the custodians, one for each share or recovery key. */
  readonly custodians: readonly string[];
  /** How many of them it takes. */
  readonly threshold: number;
  /** Of a migration: the new root, as in CLAVIGER_ROOT. */
  readonly to: string | null;
  readonly software: string;
};

/** One step: who does what, and what is typed for it. */
export type ScriptStep = {
  readonly number: number;
  readonly role: CeremonyRole;
  readonly what: string;
  readonly commands: readonly string[];
};

type Step = Omit<ScriptStep, 'number'>;

const step = (role: CeremonyRole, what: string, ...commands: readonly string[]): Step => ({
  role,
  what,
  commands,
});

const opening: readonly Step[] = [
  step(
    'leader',
    'Names everybody who is there and the duty of each; everybody shows who they are. Nobody has two duties that stand apart.',
  ),
  step(
    'witness',
    'Notes the time, the room, and that nobody else and no camera sees the screen. Telephones stay outside.',
  ),
  step(
    'operator',
    'Shows which program runs, and that it is the one that was agreed upon.',
    'claviger --version',
    'sha256sum "$(command -v claviger)"',
  ),
];

const closing: readonly Step[] = [
  step(
    'operator',
    'Clears the screen and the history of the shell, and closes every terminal that showed a secret.',
    'history -c',
    'clear',
  ),
  step(
    'leader',
    'Asks everybody whether anything was otherwise than the script has it. Each deviation is written down.',
  ),
  step('witness', 'Notes the time of the end. Everybody signs.'),
  step(
    'leader',
    'Records the ceremony. Everybody who was there joins with their own token afterwards.',
    'claviger ceremony record RECORD.json',
    'claviger ceremony join ID --digest DIGEST',
  ),
];

const sealShares = (custodians: readonly string[]): Step[] =>
  custodians.map((name, at) =>
    step(
      'custodian',
      `${name} takes share ${at + 1} of ${custodians.length}, which nobody else sees, puts it into an envelope, seals and signs it, and notes the number of the envelope.`,
    ),
  );

const unsealing = (threshold: number): Step[] => [
  step(
    'custodian',
    `${threshold} custodians, one after the other, give their shares unseen, each at the terminal alone.`,
    ...Array.from({ length: threshold }, () => 'claviger unseal'),
  ),
  step('operator', 'Shows that the server is unsealed.', 'claviger seal-status'),
];

function rootInShares({ custodians, threshold }: ScriptWish): Step[] {
  const shares = custodians.length;
  return [
    step(
      'operator',
      'Makes the home of the server; its root key is made in it, split at once, and kept nowhere. Each share goes into a file of its own on a medium that is encrypted or held in memory.',
      'export CLAVIGER_ROOT=shamir:',
      `claviger init --shares ${shares} --threshold ${threshold} --out-dir SHARES`,
    ),
    ...sealShares(custodians),
    step(
      'operator',
      'Removes the files of the shares when each custodian has their own.',
      'claviger shred SHARES/FILE',
    ),
    step('operator', 'Starts the server, in a terminal of its own. It is sealed.', 'claviger serve'),
    ...unsealing(threshold),
    step(
      'operator',
      'Shows that the root key opens what it wraps, and seals the server once more.',
      'claviger root verify',
      'claviger seal',
    ),
    ...unsealing(threshold),
  ];
}

function newShares({ custodians, threshold }: ScriptWish): Step[] {
  const shares = custodians.length;
  return [
    step(
      'operator',
      'Shows which set of shares is in place, and how many of it are wanted.',
      'claviger seal-status',
    ),
    step(
      'operator',
      'Begins the new set. The command asks for the shares of the present set, and gives the new ones.',
      `claviger root rekey --shares ${shares} --threshold ${threshold} --out-dir SHARES`,
    ),
    step(
      'custodian',
      'Custodians of the present set give their shares unseen, each at the terminal alone, until enough are given.',
    ),
    ...sealShares(custodians),
    step(
      'custodian',
      'Every custodian of the new set gives the new share back, to be sure of it. With the last one the new set is in place.',
    ),
    step(
      'operator',
      'Shows that the new set is in place, and removes the files of the shares.',
      'claviger seal-status',
      'claviger shred SHARES/FILE',
    ),
    step(
      'custodian',
      'Custodians of the set before destroy their shares before the eyes of the witness. They unseal nothing here any more, but together they still hold the same root key.',
    ),
  ];
}

function rootMigration({ to }: ScriptWish): Step[] {
  const target = shellWord(to ?? 'URI');
  return [
    step(
      'operator',
      'Shows under which root of trust the store is.',
      'claviger root status',
      'claviger root verify',
    ),
    step('operator', 'Makes a backup, so that there is a way back.', 'claviger backup create --out BACKUP'),
    step(
      'custodian',
      'Custodians of the new root enable it: they give its PINs, passphrases or parts, each only their own.',
    ),
    step(
      'operator',
      'Puts the store under the new root, and gives every environment a new key.',
      `claviger root migrate --to ${target} --rewrap`,
    ),
    step(
      'operator',
      'Shows that the new root opens everything, and that it is the one in place.',
      'claviger root verify',
      'claviger root status',
    ),
    step('operator', 'Sets the new root for every node.', `CLAVIGER_ROOT=${target}`),
    step(
      'custodian',
      'Custodians of the root before keep it for as long as a backup from before this day is to be opened; the day of its destruction is written down.',
    ),
  ];
}

function recoveryHolders({ custodians, threshold }: ScriptWish): Step[] {
  const pairs = custodians.map((name) => `${shellWord(name)}=${shellWord(`${name}.pem.pub`)}`);
  return [
    ...custodians.map((name) =>
      step(
        'custodian',
        `${name} makes a key pair on an encrypted medium of their own; the private key stays on it.`,
        `claviger recovery keygen --out ${shellWord(`${name}.pem`)}`,
      ),
    ),
    step(
      'operator',
      'Sets who can open the backups that are made from now on.',
      `claviger recovery holders set ${pairs.join(' ')} --threshold ${threshold}`,
    ),
    step(
      'operator',
      'Shows who they are, and makes a backup for them.',
      'claviger recovery holders list',
      'claviger backup create --out BACKUP',
    ),
    step(
      'custodian',
      `${threshold} custodians prove, with their private keys, that the backup brings every key back.`,
      `claviger backup drill BACKUP --escrow BACKUP.escrow ${Array.from({ length: threshold }, (_all, at) => `--holder-key ${shellWord(`${custodians[at] ?? ''}.pem`)}`).join(' ')}`,
    ),
    step('operator', 'Notes the SHA-256 of the backup and of its escrow.', 'sha256sum BACKUP BACKUP.escrow'),
  ];
}

const kinds: Readonly<
  Record<CeremonyKind, { readonly title: string; readonly steps: (wish: ScriptWish) => Step[] }>
> = Object.freeze({
  'root-in-shares': { title: 'A new root key in shares', steps: rootInShares },
  'new-shares': { title: 'New shares of the root key', steps: newShares },
  'root-migration': { title: 'Another root of trust', steps: rootMigration },
  'recovery-holders': { title: 'Who can recover', steps: recoveryHolders },
});

export const sharesMax = 16;

/** What is wrong with a wish; none: a script can be written. */
export function wishFaults({ kind, custodians, threshold, to, date }: ScriptWish): readonly string[] {
  const faults: string[] = [];
  if (custodians.length < 2 || custodians.length > sharesMax)
    faults.push(`there are 2 to ${sharesMax} custodians`);
  if (new Set(custodians).size < custodians.length) faults.push('a custodian stands twice');
  // an option or a member of another name would be typed as a command
  if (custodians.some((name) => !/^[a-zA-Z0-9][a-zA-Z0-9._@-]{0,63}$/.test(name)))
    faults.push('names of custodians have 1 to 64 letters, digits and ._@-');
  if (!Number.isSafeInteger(threshold) || threshold < 2 || threshold > custodians.length)
    faults.push('the threshold is 2 to as many as there are custodians');
  if ((kind === 'root-migration') !== (to !== null))
    faults.push('a new root is named for a root-migration, and only for one');
  if (to !== null && !/^[a-z0-9-]+:[\x21-\x7e]*$/.test(to))
    faults.push('the new root is written as in CLAVIGER_ROOT');
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || !isDay(date)) faults.push('the date is a day, YYYY-MM-DD');
  return faults;
}

const isDay = (date: string): boolean => !Number.isNaN(Date.parse(date)) && dayOf(Date.parse(date)) === date;

/** The steps of a ceremony, counted from 1. */
export function stepsOf(wish: ScriptWish): readonly ScriptStep[] {
  return [...opening, ...kinds[wish.kind].steps(wish), ...closing].map((each, at) => ({
    number: at + 1,
    ...each,
  }));
}

function stepBlocks({ number, role, what, commands }: ScriptStep): Block[] {
  return [
    paragraph(`Step ${number} (${role}): ${what}`),
    ...(commands.length > 0 ? [lines(...commands)] : []),
  ];
}

function rolesSection({ custodians }: ScriptWish): Section {
  return {
    title: 'Who does what',
    blocks: [
      list(ceremonyRoles.map((role) => `${role}: ${roleTasks[role]}`)),
      paragraph(
        'The leader may be the operator too. Every other duty is that of another person; nobody is custodian of two parts, and nobody ever sees a threshold of them.',
      ),
      signatures([
        'Leader',
        'Operator',
        ...custodians.map((name) => `Custodian: ${name}`),
        'Witness',
        'Auditor, if there is one',
      ]),
    ],
  };
}

/** The script of a ceremony: the same wish gives the same script. */
export function ceremonyScript(wish: ScriptWish): WrittenDocument {
  const steps = stepsOf(wish);
  return {
    format: 'claviger-document/1',
    kind: 'ceremony-script',
    title: `Key ceremony: ${kinds[wish.kind].title}`,
    about: [
      ['Kind', wish.kind],
      ['Date', wish.date],
      ['Place', wish.place],
      ['Custodians', wish.custodians.join(', ')],
      ['Threshold', `${wish.threshold} of ${wish.custodians.length}`],
      ...(wish.to === null ? [] : [['New root', wish.to] as const]),
      ['Written by', wish.software],
    ],
    sections: [
      rolesSection(wish),
      {
        title: 'Before it begins',
        blocks: [
          paragraph(
            'The SHA-256 of this script is written here by hand, as the program told it, and compared with the file:',
          ),
          lines('SHA-256: ________________________________________________________________'),
          paragraph(
            'Each step is read aloud, done, and ticked off with its time. Nothing is done that does not stand here; what is done otherwise is a deviation.',
          ),
        ],
      },
      { title: 'Steps', blocks: steps.flatMap(stepBlocks) },
      {
        title: 'Times',
        blocks: [
          {
            kind: 'table',
            columns: ['Step', 'Who', 'Time', 'Initials'],
            rows: steps.map(({ number, role }) => [`${number}`, role, '', '']),
          },
        ],
      },
      {
        title: 'Envelopes and other things that were made',
        blocks: [
          {
            kind: 'table',
            columns: ['What', 'Number or SHA-256', 'Given to'],
            rows: Array.from({ length: wish.custodians.length + 2 }, () => ['', '', '']),
          },
        ],
      },
      {
        title: 'Deviations',
        blocks: [
          {
            kind: 'table',
            columns: ['Step', 'What was otherwise, and who decided it'],
            rows: Array.from({ length: 4 }, () => ['', '']),
          },
        ],
      },
      {
        title: 'Signatures',
        blocks: [
          signatures([
            'Leader',
            'Operator',
            ...wish.custodians.map((name) => `Custodian: ${name}`),
            'Witness',
            'Auditor, if there is one',
          ]),
        ],
      },
    ],
    missing: [],
  };
}

/** What is to be filled in and recorded after a ceremony of a script; `script` is the SHA-256 of its file. */
export function recordTemplate(wish: ScriptWish, script: string) {
  return {
    kind: wish.kind,
    script,
    place: wish.place,
    began: `${wish.date}T00:00:00Z`,
    ended: `${wish.date}T00:00:00Z`,
    attendees: [
      { role: 'leader', principal: '' },
      { role: 'operator', principal: '' },
      ...wish.custodians.map((name) => ({ role: 'custodian', principal: name })),
      { role: 'witness', principal: '' },
    ],
    steps: stepsOf(wish).map(({ number, role }) => ({
      step: number,
      role,
      at: `${wish.date}T00:00:00Z`,
      note: null as string | null,
    })),
    artefacts: [] as { name: string; sha256: string }[],
    deviations: [] as { step: number; what: string }[],
  };
}
