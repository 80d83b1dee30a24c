import { operations } from '#operations';
import type { Answer } from '../../answer.ts';
import { durationSeconds, type Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { listedAt, secretExists, soughtAt, writtenAt } from './secret-at.ts';
import { durationText, metadataView } from './view.ts';

const labelRules = Object.freeze({ count: 64, nameBytes: 128, valueBytes: 512 });
const unfit = 'custom_metadata validation failed';
const unprintable = /[\p{Cc}\p{Cn}\p{Cs}\p{Co}]/u;

type LabelChanges = Readonly<Record<string, string | null>>;

/** The custom metadata of a request; null for a label is let through where it takes one away. */
function labelsOf(fields: Fields, takesNull: boolean): LabelChanges | undefined {
  const object = fields.object('custom_metadata');
  if (!object) return undefined;
  const entries = Object.entries(object);
  if (entries.length > labelRules.count)
    throw new VaultError(
      400,
      `${unfit}: payload must contain at most ${labelRules.count} keys, provided ${entries.length}`,
    );
  return Object.fromEntries(entries.map(([name, value]) => [name, labelOf(name, value, takesNull)]));
}

function labelOf(name: string, value: unknown, takesNull: boolean): string | null {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > labelRules.nameBytes)
    throw new VaultError(
      400,
      `${unfit}: length of key ${JSON.stringify(name.slice(0, 200))} is ${bytes} but must be 0 < len(key) <= ${labelRules.nameBytes}`,
    );
  if (unprintable.test(name)) throw new VaultError(400, `${unfit}: a key contains unprintable characters`);
  if (value === null && takesNull) return null;
  const text = value === null ? '' : value;
  if (typeof text !== 'string' && typeof text !== 'number' && typeof text !== 'boolean')
    throw new VaultError(400, `${unfit}: the value for key ${JSON.stringify(name)} is no string`);
  return checkedLabel(name, String(text));
}

function checkedLabel(name: string, text: string): string {
  const length = Buffer.byteLength(text);
  if (length === 0 || length > labelRules.valueBytes)
    throw new VaultError(
      400,
      `${unfit}: length of value for key ${JSON.stringify(name)} is ${length} but must be 0 < len(value) <= ${labelRules.valueBytes}`,
    );
  if (unprintable.test(text))
    throw new VaultError(
      400,
      `${unfit}: value for key ${JSON.stringify(name)} contains unprintable characters`,
    );
  return text;
}

/** Seconds of a field; a negative duration is an error where it is not said to be let in. */
function ageOf(fields: Fields, isSigned: boolean): number | undefined {
  const text = fields.text('delete_version_after');
  if (text === undefined) return undefined;
  const seconds = durationSeconds(text);
  if (seconds === null || (seconds < 0 && !isSigned))
    throw new VaultError(400, 'error converting input for field "delete_version_after": expected a duration');
  return seconds < 0 ? -1 : Math.trunc(seconds);
}

type Settings = { versionsMax?: number; checkRequired?: boolean; deleteAfterSeconds?: number };

/** What both a secret and its mount can say; null in a patch sets it back. */
function settingsOf(fields: Fields, { isSigned = false, isPatch = false } = {}): Settings {
  const found: Settings = {};
  const isBack = (name: string): boolean => isPatch && fields.raw(name) === null;
  const versionsMax = isBack('max_versions') ? 0 : fields.whole('max_versions');
  if (versionsMax !== undefined) {
    if (versionsMax < 0 || versionsMax > 1000)
      throw new VaultError(400, 'max_versions must be from 0 to 1000 here');
    found.versionsMax = versionsMax;
  }
  const checkRequired = isBack('cas_required') ? false : fields.flag('cas_required');
  if (checkRequired !== undefined) found.checkRequired = checkRequired;
  const age = isBack('delete_version_after') ? 0 : ageOf(fields, isSigned);
  if (age !== undefined) found.deleteAfterSeconds = age;
  return found;
}

const ignoredCheck =
  '"cas_required" set to false, but is mandated by backend config. This value will be ignored.';

/** 204, or a warning where the mount says otherwise. */
async function warned({ run, mount }: Asked, { checkRequired }: Settings): Promise<Answer> {
  if (checkRequired !== false) return null;
  const store = await run(operations.readSecretSettings, { store: mount.id });
  return store.checkRequired ? { data: null, warnings: [ignoredCheck] } : null;
}

async function read(asked: Asked): Promise<Answer> {
  const { head } = await asked.run(operations.describeSecret, soughtAt(asked));
  if (!head) throw absent();
  return { data: metadataView(head) };
}

async function write(asked: Asked): Promise<Answer> {
  const settings = settingsOf(asked.fields);
  const labels = labelsOf(asked.fields, false) as Readonly<Record<string, string>> | undefined;
  const place = writtenAt(asked);
  if (Object.keys(settings).length === 0 && labels === undefined) return null;
  const wish = labels === undefined ? settings : { ...settings, labels };
  await asked.run(operations.updateSecret, { ...place, ...wish, mayCreate: true });
  return warned(asked, settings);
}

async function patch(asked: Asked): Promise<Answer> {
  const { fields } = asked;
  const settings = settingsOf(fields, { isPatch: true });
  const labels = fields.raw('custom_metadata') === null ? { labels: null } : {};
  const labelChanges = labelsOf(fields, true);
  const { head } = await asked.run(operations.updateSecret, {
    ...writtenAt(asked),
    ...settings,
    ...labels,
    ...(labelChanges ? { labelChanges } : {}),
    mayCreate: false,
  });
  if (!head) throw absent();
  return warned(asked, settings);
}

async function remove(asked: Asked): Promise<Answer> {
  await asked.run(operations.removeSecret, soughtAt(asked));
  return null;
}

async function list(asked: Asked): Promise<Answer> {
  const { entries } = await asked.run(operations.listSecrets, listedAt(asked));
  if (entries.length === 0) throw absent();
  return { data: { keys: entries.map(({ name }) => name) } };
}

async function listDetailed(asked: Asked): Promise<Answer> {
  const { entries } = await asked.run(operations.listSecrets, listedAt(asked));
  if (entries.length === 0) throw absent();
  const details = entries.flatMap(({ name, head }) => (head ? [[name, metadataView(head)] as const] : []));
  return { data: { key_info: Object.fromEntries(details), keys: entries.map(({ name }) => name) } };
}

async function readConfig({ run, mount }: Asked): Promise<Answer> {
  const settings = await run(operations.readSecretSettings, { store: mount.id });
  return {
    data: {
      cas_required: settings.checkRequired,
      delete_version_after: durationText(settings.deleteAfterSeconds),
      max_versions: settings.versionsMax,
    },
  };
}

async function configure({ run, mount, fields }: Asked): Promise<Answer> {
  await run(operations.configureSecrets, { store: mount.id, ...settingsOf(fields, { isSigned: true }) });
  return null;
}

export const metadataRoutes: readonly Route[] = [
  {
    path: 'config',
    about: 'Reads and changes what holds for all secrets of the mount.',
    handlers: { read: readConfig, update: configure },
  },
  {
    path: 'metadata/{path...}',
    about: 'Reads, changes and lists what is known of secrets, and takes secrets away.',
    exists: secretExists,
    handlers: { read, update: write, patch, delete: remove, list },
  },
  {
    path: 'detailed-metadata/{path...}',
    about: 'Lists secrets with what is known of them.',
    handlers: { list: listDetailed },
  },
];
