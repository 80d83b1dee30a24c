import type { Framework } from '../framework.ts';
import { by } from './requirement.ts';

/** HIPAA security rule, technical safeguards, what they ask of keys. */
export const hipaa: Framework = Object.freeze({
  id: 'hipaa-164.312',
  title: 'HIPAA Security Rule, 45 CFR 164.312: technical safeguards',
  scope:
    'The technical safeguards of 164.312 and the record-keeping of 164.316 as far as they are about keys, with the guidance on when encrypted data counts as unreadable. The rule as it is in force; the proposal of January 2025 is not judged.',
  data: 'health-data',
  requirements: [
    by(
      '164.312(a)(1)',
      'Only those who were granted access reach electronic health information.',
      'key-policy-closed',
      'key-users-few',
      'duties-separated',
      'leavers-locked-out',
    ),
    by(
      '164.312(a)(2)(i)',
      'Each user has an identity of its own, by which what it does can be traced.',
      'log-present',
      'key-owner',
      'key-owner-present',
    ),
    by(
      '164.312(a)(2)(iv)',
      'Health information is encrypted and decrypted by a mechanism, or it is written down why not (addressable).',
      'stated-encryption-decision',
      'strength-minimum',
      'algorithm-approved',
      'period-defined',
      'storage-protected',
    ),
    by(
      '164.312(b)',
      'Activity in systems with health information is recorded and examined.',
      'log-present',
      'log-continuous',
      'stated-log-review',
    ),
    by(
      '164.312(c)(1)',
      'Health information is not altered or destroyed improperly.',
      'quorum-substitution',
      'quorum-destruction',
      'backup-recent',
      'recovery-proven',
    ),
    by('164.312(d)', 'Who asks for access is who it says it is.', 'credentials-renewed', 'tokens-expire'),
    by(
      '164.312(e)(1)',
      'Health information is protected while it is transmitted.',
      'stated-transit-encryption',
    ),
    by(
      '164.312(e)(2)(ii)',
      'Health information is encrypted in transit where that is fit (addressable).',
      'stated-encryption-decision',
      'stated-transit-encryption',
    ),
    by(
      '164.316(b)(2)(i)',
      'Policies, procedures and records are kept for six years.',
      'stated-record-keeping',
      'log-kept-6-years',
    ),
    by(
      '164.402',
      'After a breach data counts as unreadable only where the keys were kept apart from it and were not taken.',
      'root-apart',
      'never-plain',
      'copies-wrapped',
      'compromise-handled',
    ),
  ],
});
