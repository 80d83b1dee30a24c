/** What somebody does at a ceremony. */
export const ceremonyRoles = ['leader', 'operator', 'custodian', 'witness', 'auditor'] as const;
export type CeremonyRole = (typeof ceremonyRoles)[number];

export const roleTasks: Readonly<Record<CeremonyRole, string>> = Object.freeze({
  leader: 'reads the script aloud, and sees that nothing is left out',
  operator: 'types what the script says, and nothing else',
  custodian: 'receives or gives one part of a secret, and sees no other',
  witness: 'watches, notes times and deviations, and signs',
  auditor: 'watches for those who were not there, and signs',
});

/** Duties that one person may have together; all others are those of different persons. */
const together: readonly (readonly [CeremonyRole, CeremonyRole])[] = [['leader', 'operator']];

function areTogether(a: CeremonyRole, b: CeremonyRole): boolean {
  return together.some(([one, other]) => (one === a && other === b) || (one === b && other === a));
}

/** Somebody with a duty; who has two stands twice. */
export type RoleHolder = { readonly role: CeremonyRole; readonly person: string };

const requiredCounts: readonly (readonly [CeremonyRole, number])[] = [
  ['leader', 1],
  ['operator', 1],
  ['custodian', 2],
  ['witness', 1],
];

/** Everything that dual control and split knowledge forbid in a list of roles; none: it is good. */
//= pci-dss-4.0.1 3.7.6
export function roleFaults(holders: readonly RoleHolder[]): readonly string[] {
  const faults: string[] = [];
  for (const [role, count] of requiredCounts) {
    const persons = new Set(holders.filter((each) => each.role === role).map(({ person }) => person));
    if (persons.size < count)
      faults.push(`there must be ${count} of role ${role}, and there are ${persons.size}`);
  }
  for (const [at, { role, person }] of holders.entries())
    for (const other of holders.slice(at + 1))
      if (other.person === person && !areTogether(role, other.role))
        faults.push(`${person} can not be ${role} and ${other.role}: these are duties of different persons`);
  return faults;
}
