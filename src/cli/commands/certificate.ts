import type { Command } from 'commander';
import type { CertificateRecord } from '#sdk';
import { loadConfig } from '#server/configuration';
import { readAll } from '../arguments.ts';
import { checkoutHome } from '../checkout-home.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, type Shown } from '../output.ts';
import { writeNew } from '../write-new.ts';

const certificateBytesMax = 4 * 1024 * 1024;

type Wish = Shown & {
  readonly pdf?: string;
  readonly json?: string;
  readonly operator?: string;
  readonly verifier?: string;
};

function certificateText({ certificate }: CertificateRecord): string {
  const { key, request, execution, verification, copies, status } = certificate;
  return facts({
    certificate: certificate.id,
    status: status === 'complete' ? status : `${status}: ${copies.length} copies can still open the key`,
    key: `${key.id} (${key.spec}, ${key.usage}, ${key.environment})`,
    names: key.names.join(', ') || 'none',
    'asked by': `${request.requestedBy.name ?? request.requestedBy.id}, ${request.requestedAt}`,
    reason: request.reason ?? 'none was given',
    executed: `${execution.at} by ${execution.node}`,
    method: execution.method,
    verified: `by ${new Set(verification.map(({ node }) => node)).size} nodes: nothing opens`,
  });
}

/** `key certificate`. */
export function addKeyCertificate(keys: Command): void {
  keys
    .command('certificate <key>')
    .description('the signed certificate of a destruction that every node has verified')
    .option('--pdf <file>', 'write it as a document, with the signed JSON attached')
    .option('--json <file>', 'write the signed JSON')
    .option('--operator <text>', 'who did it: name, title, place, contact')
    .option('--verifier <text>', 'who watched it')
    .addOption(outputOption())
    .action(async (key: string, { pdf, json, output, ...persons }: Wish) => {
      const record = await connect().keys.destructionCertificate(key, persons);
      if (json !== undefined) writeNew(json, `${JSON.stringify(record, null, 2)}\n`);
      if (pdf !== undefined) {
        const { certificatePdf } = await import('../certificate-pdf.ts');
        writeNew(pdf, await certificatePdf(record));
      }
      await show(output, record, () => certificateText(record));
    });
}

type VerifyWish = Shown & { readonly keys: readonly string[] };

/** `audit verify-certificate`. */
export function addVerifyCertificate(audit: Command): void {
  audit
    .command('verify-certificate <file>')
    .description('check a certificate of destruction without the server; exit code 8 where it does not hold')
    .option(
      '--keys <file>',
      'a keys.json that you trust, once for each log; else those of the logs on this machine',
      (file: string, before: readonly string[]) => [...before, file],
      [],
    )
    .addOption(outputOption())
    .action(async (file: string, { keys, output }: VerifyWish) => {
      const { verifyCertificate } = await import('#server');
      const config = loadConfig({ env: process.env, checkoutHome: checkoutHome() });
      const content = await readAll(file, certificateBytesMax);
      const { certificate, findings } = verifyCertificate(config, content, keys);
      const told = {
        certificate: certificate.id,
        key: certificate.key.id,
        status: certificate.status,
        destroyed: certificate.execution.at,
        findings,
      };
      await show(output, told, () => facts({ ...told, findings: findings.length }));
      for (const finding of findings) process.stderr.write(`${file}: ${finding}\n`);
      if (findings.length > 0) {
        throw new CliError(
          exitCodes.verificationFailed,
          `The certificate does not hold: ${findings.length} findings.`,
        );
      }
      process.stderr.write('The certificate holds.\n');
    });
}
