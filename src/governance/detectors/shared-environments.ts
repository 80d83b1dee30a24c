import { detectorOf, hasMaterial, ofKey } from './define.ts';
import { isProduction, some } from './known.ts';

/** Keys whose material a key of another environment has, too. */
export const sameMaterialElsewhere = detectorOf('same-material-elsewhere', (_known, tell) => ({
  key({ key, sameMaterial }) {
    if (sameMaterial.length === 0 || !hasMaterial(key)) return;
    const others = sameMaterial.filter(({ environment }) => environment !== key.environment);
    if (others.length === 0) return;
    const told = some(others.map(({ keyId, environment }) => `${keyId} of ${environment}`));
    const isMixed = others.some(
      ({ environment }) => isProduction(environment) !== isProduction(key.environment),
    );
    tell({
      ...ofKey(key),
      what: `Key ${key.id} of ${key.environment} has the same material as key ${told}.`,
      remedy: `Make a key of its own for one of the environments, protect anew what is under the shared one there, then: claviger key schedule-destroy`,
      since: null,
      ...(isMixed ? {} : { severity: 'high' }),
    });
  },
}));
