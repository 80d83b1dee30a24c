import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

export type ModelShape = {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
};

/** The service's own description of itself, as botocore carries it. */
export type ServiceModel = {
  readonly file: string;
  readonly operations: Readonly<Record<string, { input?: { shape: string }; output?: { shape: string } }>>;
  readonly shapes: Readonly<Record<string, ModelShape>>;
};

function pythonPackage(): string[] {
  try {
    const program = 'import botocore, os; print(os.path.dirname(botocore.__file__))';
    return [
      execFileSync('python3', ['-c', program], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim(),
    ];
  } catch {
    return [];
  }
}

function read(file: string): ServiceModel {
  const bytes = fs.readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return { file, ...(JSON.parse(text) as Omit<ServiceModel, 'file'>) };
}

/** Every model of the service that this machine has: of Python's botocore, and of Debian's packages. */
export function serviceModels(): readonly ServiceModel[] {
  const packages = '/usr/lib/python3/dist-packages';
  const folders = [...pythonPackage(), `${packages}/botocore`, `${packages}/awscli/botocore`];
  return [...new Set(folders)]
    .flatMap((folder) =>
      ['.json', '.json.gz'].map((end) => path.join(folder, 'data/kms/2014-11-01', `service-2${end}`)),
    )
    .filter((file) => fs.existsSync(file))
    .map(read);
}
