import type { Dice } from './dice.ts';
import { type Shape, shapes } from './shape.ts';

/** A service, a person or a job that uses keys. */
export type Actor = {
  /** Without what tells copies apart. */
  readonly name: string;
  readonly environment: string;
  /** Writes what others read, and never decrypts anything. */
  readonly isWriter: boolean;
  /** Its running copies; a deployment replaces them. */
  copies: string[];
  networks: string[];
  agent: string;
};

/** A steady use of one key by one actor. */
export type Habit = {
  readonly actor: Actor;
  readonly keyId: string;
  readonly operation: 'encrypt' | 'decrypt' | 'sign';
  readonly shape: Shape;
  readonly phase: number;
  /** Uses an hour, on average over the week. */
  readonly mean: number;
  /** How many different encryption contexts; 0: none at all. */
  readonly contexts: number;
  readonly since: number;
};

export type TrafficKey = { readonly id: string; readonly environment: string; version: number };

export type Population = {
  readonly keys: TrafficKey[];
  readonly services: Actor[];
  readonly people: Actor[];
  /** Those who manage keys, by environment. */
  readonly custodians: Actor[];
  readonly exporters: Actor[];
  readonly habits: Habit[];
  readonly canaryKeys: string[];
};

export const environments = ['production', 'staging', 'development'] as const;
const agents = [
  'aws-sdk-go-v2/1.30.3 os/linux lang/go#1.23.1',
  'aws-sdk-java/2.28.1 md/io#sync lang/java#21.0.4',
  'Boto3/1.35.10 md/Botocore#1.35.10 lang/python#3.12.5',
  'aws-sdk-js/3.650.0 os/linux lang/js md/nodejs#22.8.0',
  'Go-http-client/1.1',
  'claviger-sdk/0.1.0',
];

const staffLetters = 'abcdefghijklmnopqrstuvwxyz';
const hexadecimal = (value: number, length: number) => value.toString(16).padStart(length, '0');

/** A UUID of a kind and a number, so that a file can be read by eye. */
export function idOf(kind: number, number: number): string {
  return `${hexadecimal(kind, 8)}-0000-4000-8000-${hexadecimal(number, 12)}`;
}

export function newCopies(dice: Dice, name: string, count: number): string[] {
  if (count === 1) return [name];
  return Array.from({ length: count }, () => `${name}-a${hexadecimal(dice.below(2 ** 24), 6)}1`);
}

/** Networks of an environment: `10.ENV.N.0/24`. */
export function houseNetworks(environment: string): string[] {
  const at = environments.findIndex((name) => name === environment);
  return Array.from({ length: 8 }, (_, number) => `10.${at + 1}.${number}`);
}

function newActor(dice: Dice, name: string, environment: string): Actor {
  const networks = houseNetworks(environment);
  const home = dice.pick(networks);
  const isWide = dice.chance(0.3);
  return {
    name,
    environment,
    isWriter: dice.chance(0.2),
    copies: newCopies(dice, name, dice.chance(0.4) ? 2 + dice.below(2) : 1),
    networks: isWide ? [home, dice.pick(networks)] : [home],
    agent: dice.pick(agents),
  };
}

export function newHabit(dice: Dice, actor: Actor, keyId: string, wish: Partial<Habit> = {}): Habit {
  const shape = wish.shape ?? dice.pick(shapes);
  const isBusy = dice.chance(0.02);
  const median = shape === 'sparse' ? 0.05 : isBusy ? 25 : 0.25;
  return {
    actor,
    keyId,
    operation: actor.isWriter ? 'encrypt' : dice.pick(['encrypt', 'decrypt', 'decrypt', 'sign'] as const),
    shape,
    phase: dice.below(24),
    mean: Math.min(60, dice.logNormal(median, 0.8)),
    contexts: dice.pick([0, 1, 5, 40, 400]),
    since: 0,
    ...wish,
  };
}

function environmentOf(dice: Dice): string {
  const roll = dice.next();
  return roll < 0.7 ? 'production' : roll < 0.9 ? 'staging' : 'development';
}

/** A company with so many keys: about one service for two keys, each key with one to three users, and some gateways that only write. */
export function newPopulation(dice: Dice, keyCount: number, gatewayCount: number): Population {
  const services = Array.from({ length: Math.max(8, Math.ceil(keyCount / 2)) }, (_, number) =>
    newActor(dice, `service${hexadecimal(number, 3)}x-api`, environmentOf(dice)),
  );
  // each environment has someone
  environments.forEach((environment, at) => services.push(newActor(dice, `base${at}-api`, environment)));
  const keys = Array.from({ length: keyCount }, (_, number) => ({
    id: idOf(1, number),
    environment: environmentOf(dice),
    version: 1,
  }));
  const habits: Habit[] = [];
  for (const key of keys) {
    const near = services.filter(({ environment }) => environment === key.environment);
    const users = 1 + dice.below(3);
    for (let user = 0; user < users; user += 1) habits.push(newHabit(dice, dice.pick(near), key.id));
  }
  const production = keys.filter(({ environment }) => environment === environments[0]);
  for (let number = 0; number < gatewayCount; number += 1) {
    const gateway = { ...newActor(dice, `gateway${number}-role`, environments[0]), isWriter: true };
    const { id } = dice.pick(production.length > 0 ? production : keys);
    habits.push(newHabit(dice, gateway, id, { shape: 'flat', mean: 0.5, contexts: 5 }));
  }
  const staff = (role: string, count: number, environment: string) =>
    Array.from({ length: count }, (_, number) => ({
      ...newActor(dice, `${role}-${environment}-${staffLetters[number % staffLetters.length]}`, environment),
      copies: [`${role}-${environment}-${staffLetters[number % staffLetters.length]}`],
    }));
  return {
    keys,
    services,
    people: staff('engineer', Math.max(1, Math.round(keyCount / 200)), 'development'),
    custodians: environments.flatMap((environment) => staff('custodian', 2, environment)),
    exporters: staff('exporter', 1, 'production'),
    habits,
    canaryKeys: [idOf(9, 1), idOf(9, 2)],
  };
}
