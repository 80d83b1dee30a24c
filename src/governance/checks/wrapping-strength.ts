import { factsOf, type Key } from '#domain';
import type { KeyFacts, PopulationHead } from '../population.ts';
import type { LibraryCheck } from './key-check.ts';
import { viewerOf } from './key-view.ts';
import { newTally } from './tally.ts';

const wrappersMax = 200_000;
const edgesMax = 200_000;

type Edge = { readonly key: string; readonly strengthBits: number; readonly under: string };

/** Keys of these usages can wrap others. */
function canWrap({ usage, secondUsage, spec }: Key): boolean {
  if (usage === 'wrap' || secondUsage === 'wrap') return true;
  return factsOf(spec).asymmetric && (usage === 'encrypt' || secondUsage === 'encrypt');
}

function checkWithin(isInScope: (key: Key) => boolean): LibraryCheck {
  return {
    id: 'wrapping-strength',
    version: 1,
    title: 'No key is wrapped under a weaker one, in the store, in an export or in an import.',
    method: 'TEST',
    begin: (head: PopulationHead) => {
      const viewOf = viewerOf(head);
      const tally = newTally();
      const strengths = new Map<string, number>();
      const imported = new Map<string, number>();
      const edges: Edge[] = [];
      let isTooMuch = false;
      tally.cite({ kind: 'population' });
      function connect(edge: Edge): void {
        if (edges.length < edgesMax) edges.push(edge);
        else isTooMuch = true;
      }
      return {
        key: (facts: KeyFacts) => {
          const { key, isLiving, spec } = viewOf(facts);
          // what wrapped others may be destroyed by now
          if (canWrap(key) && strengths.size < wrappersMax) strengths.set(key.id, spec.strengthBits);
          if (!isLiving || !isInScope(key)) return;
          tally.judge();
          const { strengthBits } = spec;
          if (key.origin === 'imported') {
            if (imported.size < edgesMax) imported.set(key.id, strengthBits);
            else isTooMuch = true;
          }
          for (const under of facts.wrappedBy) connect({ key: key.id, strengthBits, under });
        },
        event: (placed) => {
          const { operation, outcome, keyId, facts } = placed.event;
          if (operation !== 'keys.import-under-key' || outcome !== 'success') return;
          const strengthBits = imported.get(keyId ?? '');
          const under = facts?.['wrappingKey'];
          if (keyId === null || strengthBits === undefined || typeof under !== 'string') return;
          tally.citeEvent(placed);
          connect({ key: keyId, strengthBits, under });
        },
        result: () => {
          for (const { key, strengthBits, under } of edges) {
            const bits = strengths.get(under);
            if (bits === undefined)
              tally.lack(`key:${key}`, `How strong ${under} is, which wrapped it, is not known.`);
            else if (bits < strengthBits)
              tally.except(
                `key:${key}`,
                `It has ${strengthBits} bits and was wrapped under ${under}, which has ${bits}.`,
              );
          }
          if (isTooMuch)
            tally.lack('the wrap graph', `More than ${edgesMax} keys were wrapped under others.`);
          return tally.result({
            of: 'living keys',
            empty: ['no-data', 'There is no living key'],
            holds: `the store wraps each under the 256-bit key of its environment or keeps it in a device; of ${edges.length} wrappings under other keys none was under a weaker one`,
            fails: 'wrapped under a weaker key',
          });
        },
      };
    },
    within: checkWithin,
  };
}

/**
 * Whether keys that wrap others are as strong as those. Strength is compared along each edge of the wrap graph: where no edge is weaker,
 * no path is.
 */
export const wrappingStrength: LibraryCheck = checkWithin(() => true);
