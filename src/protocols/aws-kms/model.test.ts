import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { shapes } from './index.ts';
import { startKms, type Kms } from './kms.fixture.ts';
import { answersOf } from './every-operation.fixture.ts';
import { serviceModels, type ModelShape, type ServiceModel } from './service-model.fixture.ts';
import type { Members, Shape } from './shape.ts';

const models = serviceModels();
const skip = models.length > 0 ? false : 'botocore is not installed: there is no model to compare with';

/** What the service does otherwise than its model says, by what it was seen to answer. */
const sterner = new Set(['KeyId', 'TargetKeyId', 'SourceKeyId', 'DestinationKeyId']);

/** What was required once, and is not any more: an older model still says so. */
const relaxed = new Set(
  [
    'Decrypt.CiphertextBlob ReEncrypt.CiphertextBlob GetKeyPolicy.PolicyName PutKeyPolicy.PolicyName',
    'CreateGrant.GranteePrincipal ListRetirableGrants.RetiringPrincipal',
  ].flatMap((places) => places.split(' ')),
);

/** A model of 2023 knows fewer members, values and forms. */
function isRecent(model: ServiceModel): boolean {
  return 'GetKeyLastUsage' in model.operations;
}

/** The differences between a shape of ours and the model's, one line each. */
function differences(model: ServiceModel, ours: Shape, theirs: ModelShape, where: string): string[] {
  const found: string[] = [];
  const same = (what: string, mine: unknown, other: unknown): void => {
    if (mine !== other) found.push(`${where}: ${what} is ${String(mine)}, in the model ${String(other)}`);
  };
  same('type', ours.type, theirs.type);
  if ('min' in ours || theirs.min !== undefined)
    same('min', 'min' in ours ? ours.min : undefined, theirs.min);
  if ('max' in ours || theirs.max !== undefined)
    same('max', 'max' in ours ? ours.max : undefined, theirs.max);
  if (ours.type === 'string') {
    if (isRecent(model) && !sterner.has(where.split('.')[1] ?? ''))
      same('pattern', ours.patternText, theirs.pattern);
    // an older model knows fewer values
    const unknown = (theirs.enum ?? []).filter((value) => !ours.values?.includes(value));
    if (unknown.length > 0) found.push(`${where}: ${unknown.join()} are not known`);
    same('being an enum', ours.values !== undefined, theirs.enum !== undefined);
  }
  if (ours.type === 'list')
    found.push(...differences(model, ours.of, shapeOf(model, theirs.member), `${where}[]`));
  if (ours.type === 'structure') found.push(...memberDifferences(model, ours.members, theirs, where));
  return found;
}

function shapeOf(model: ServiceModel, reference: { shape: string } | undefined): ModelShape {
  return model.shapes[reference?.shape ?? ''] ?? { type: 'structure', members: {} };
}

function memberDifferences(model: ServiceModel, ours: Members, theirs: ModelShape, where: string): string[] {
  return Object.entries(theirs.members ?? {}).flatMap(([name, reference]) => {
    const place = `${where}.${name}`;
    const mine = ours[name];
    if (!mine) return [`${place} is not known`];
    const required = theirs.required?.includes(name) ?? false;
    const differs = (mine.required ?? false) !== required && !(required && relaxed.has(place));
    return [
      ...(differs ? [`${place}: required is ${String(mine.required)}, in the model ${required}`] : []),
      ...differences(model, mine, shapeOf(model, reference), place),
    ];
  });
}

/** Members of answers that a model of 2023 can't know. */
const addedLater =
  /KeyMaterialId$|KeyAgreementAlgorithms$|RotationPeriodInDays$|NextRotationDate$|GetKeyRotationStatus\.KeyId$|GetKeyPolicy\.PolicyName$/;

const jsonTypes: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  blob: (value) => typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value,
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isInteger,
  timestamp: (value) => typeof value === 'number',
};

/** What an answer holds that its shape in the model does not allow. */
function misfits(model: ServiceModel, shape: ModelShape, value: unknown, where: string): string[] {
  if (shape.type === 'structure') {
    if (typeof value !== 'object' || value === null) return [`${where} is no structure`];
    const missing = (shape.required ?? []).filter((name) => !(name in value));
    return [
      ...missing.map((name) => `${where}.${name} is missing`),
      ...Object.entries(value).flatMap(([name, entry]) => {
        const reference = shape.members?.[name];
        // an older model knows fewer members: which, only the newest one tells
        return reference ? misfits(model, shapeOf(model, reference), entry, `${where}.${name}`) : [];
      }),
    ];
  }
  if (shape.type === 'list') {
    if (!Array.isArray(value)) return [`${where} is no list`];
    return value.flatMap((entry) => misfits(model, shapeOf(model, shape.member), entry, `${where}[]`));
  }
  return jsonTypes[shape.type]?.(value) ? [] : [`${where} is no ${shape.type}: ${JSON.stringify(value)}`];
}

/** The paths of all members of a value. */
function memberPaths(value: unknown, where: string): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => memberPaths(entry, where));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, entry]) => [
    `${where}.${name}`,
    ...memberPaths(entry, `${where}.${name}`),
  ]);
}

function knows(model: ServiceModel, path: string): boolean {
  const [operation = '', ...names] = path.split('.');
  let shape = shapeOf(model, model.operations[operation]?.output);
  for (const name of names) {
    while (shape.type === 'list') shape = shapeOf(model, shape.member);
    const reference = shape.members?.[name];
    if (!reference) return false;
    shape = shapeOf(model, reference);
  }
  return true;
}

describe("the service's own model", { skip }, () => {
  let kms: Kms;
  before(async () => {
    kms = await startKms();
  });
  after(() => kms.close());

  it('bounds the members of requests as we do', () => {
    for (const model of models) {
      const known = Object.entries(model.operations).filter(([operation]) => shapes[operation]);
      assert.ok(known.length >= 50, `${model.file} describes ${known.length} of our operations`);
      const found = known.flatMap(([operation, { input }]) =>
        memberDifferences(model, shapes[operation] ?? {}, shapeOf(model, input), operation),
      );
      assert.deepEqual(found, [], model.file);
      assert.deepEqual(
        Object.keys(model.operations).filter((operation) => !shapes[operation]),
        [],
        model.file,
      );
    }
  });

  it('has a place and a type for every member of our answers', async () => {
    const answers = await answersOf(kms);
    for (const model of models) {
      const found = answers.flatMap(({ operation, answer }) => {
        const output = model.operations[operation]?.output;
        return output ? misfits(model, shapeOf(model, output), answer, operation) : [];
      });
      assert.deepEqual(found, [], model.file);
    }
    const paths = [...new Set(answers.flatMap(({ operation, answer }) => memberPaths(answer, operation)))];
    const newest = models
      .toSorted((a, b) => Object.keys(a.shapes).length - Object.keys(b.shapes).length)
      .at(-1);
    assert.ok(newest);
    const later = isRecent(newest) ? /^$/ : addedLater;
    const unknown = paths.filter(
      (path) => (path.split('.')[0] ?? '') in newest.operations && !later.test(path),
    );
    assert.deepEqual(
      unknown.filter((path) => !knows(newest, path)),
      [],
      newest.file,
    );
  });
});
