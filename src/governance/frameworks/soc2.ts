import type { Framework } from '../framework.ts';
import { by } from './requirement.ts';

/** SOC 2, the criterion on logical access and its neighbours, by points of focus. */
export const soc2: Framework = Object.freeze({
  id: 'soc2-cc6.1',
  title:
    'SOC 2: trust services criterion CC6.1 (2017, points of focus of 2022), with CC6.2, CC6.3, CC6.7, CC7.2, C1.2 and A1.2',
  scope:
    'Points of focus are guidance, not requirements; the names after the criterion are our own. One run tells a moment (type I): what a report of type II needs is the series of runs over its period.',
  requirements: [
    by(
      'CC6.1.inventory',
      'Information assets, here keys, are known, with those who answer for them.',
      'key-owner',
      'key-purpose',
      'key-classified',
      'key-owner-present',
      'key-in-use',
    ),
    by(
      'CC6.1.access',
      'Logical access to keys is restricted to those who need it.',
      'key-policy-closed',
      'key-users-few',
      'custodians-few',
      'duties-separated',
    ),
    by(
      'CC6.1.credentials',
      'Credentials of people and software are managed over their life.',
      'credentials-renewed',
      'tokens-expire',
    ),
    by(
      'CC6.1.encryption',
      'Encryption protects data at rest, in process and in transit.',
      'stated-data-encryption',
      'stated-transit-encryption',
    ),
    by(
      'CC6.1.generation',
      'Keys are generated with algorithms and lengths that are strong enough.',
      'generation-recorded',
      'strength-minimum',
      'imported-stated',
    ),
    by(
      'CC6.1.storage',
      'Keys are protected while they are stored.',
      'storage-protected',
      'never-plain',
      'root-apart',
      'wrapping-strength',
      'copies-wrapped',
      'material-in-one-environment',
    ),
    by(
      'CC6.1.use',
      'Keys are used as long, and for what, they are meant.',
      'period-defined',
      'period-not-over',
      'period-honoured',
      'usage-within-limits',
      'state-honoured',
      'rotation-on-time',
    ),
    by(
      'CC6.1.destruction',
      'Keys are destroyed when they are not needed any more.',
      'destruction-certified',
      'destruction-complete',
      'ended-destroyed',
    ),
    by(
      'CC6.1.architecture',
      'New architectures are assessed before they are used.',
      'stated-crypto-architecture',
      'stated-change-procedure',
    ),
    by('CC6.2', 'Access ends when those who had it leave.', 'leavers-locked-out', 'key-owner-present'),
    by(
      'CC6.3',
      'Rights follow duties, and duties are apart.',
      'duties-separated',
      'quorum-export',
      'quorum-destruction',
      'quorum-substitution',
    ),
    by(
      'CC6.7',
      'What leaves is protected on its way.',
      'copies-wrapped',
      'quorum-export',
      'stated-transit-encryption',
    ),
    by('CC7.2', 'What is unusual is watched for.', 'log-present', 'log-continuous', 'stated-log-review'),
    by(
      'CC7.4',
      'There is a way to respond to compromised keys, and it is followed.',
      'stated-incident-procedure',
      'compromise-handled',
    ),
    by('C1.2', 'Confidential information is disposed of.', 'destruction-complete', 'copies-of-ended-gone'),
    by(
      'A1.2',
      'There are backups, and they can be recovered from.',
      'backup-recent',
      'escrow-recent',
      'recovery-proven',
    ),
  ],
});
