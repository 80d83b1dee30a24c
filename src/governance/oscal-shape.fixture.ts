import { z } from 'zod';

// The parts of NIST's JSON schemas of assessment results and assessment plans (1.1) that are written here: every object closed, every list
// not empty, and its patterns. No package of the registry brings the schemas themselves.

const uuid = z
  .string()
  .regex(/^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[45][0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$/);
const token = z.string().regex(/^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$/u);
const line = z.string().regex(/^\S(.*\S)?$/);
const uri = z.string().regex(/^[a-zA-Z][a-zA-Z0-9+\-.]+:.+$/);
const uriReference = z
  .string()
  .min(1)
  .refine((text) => URL.canParse(text, 'https://example.invalid/'))
  .regex(/^[!#$&-;=?-[\]_a-z~%]+$/);
const dateTime = z
  .string()
  .regex(
    /^(((2000|2400|2800|(19|2[0-9](0[48]|[2468][048]|[13579][26])))-02-29)|(((19|2[0-9])[0-9]{2})-02-(0[1-9]|1[0-9]|2[0-8]))|(((19|2[0-9])[0-9]{2})-(0[13578]|10|12)-(0[1-9]|[12][0-9]|3[01]))|(((19|2[0-9])[0-9]{2})-(0[469]|11)-(0[1-9]|[12][0-9]|30)))T(2[0-3]|[01][0-9]):([0-5][0-9]):([0-5][0-9])(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$/,
  );
const list = <T extends z.ZodType>(of: T) => z.array(of).min(1).optional();
const remarks = z.string().optional();

const property = z.strictObject({
  name: token,
  uuid: uuid.optional(),
  ns: uri.optional(),
  value: line,
  class: token.optional(),
  remarks,
});

const metadata = z.strictObject({
  title: z.string(),
  published: dateTime.optional(),
  'last-modified': dateTime,
  version: line,
  'oscal-version': line,
  props: list(property),
  remarks,
});

const resource = z.strictObject({
  uuid,
  title: z.string().optional(),
  description: z.string().optional(),
  props: list(property),
  remarks,
});
const backMatter = z.strictObject({ resources: list(resource) });

const reviewedControls = z.strictObject({
  description: z.string().optional(),
  props: list(property),
  'control-selections': z
    .array(
      z.strictObject({
        description: z.string().optional(),
        'include-all': z.strictObject({}).optional(),
        'include-controls': list(z.strictObject({ 'control-id': token, 'statement-ids': list(token) })),
        remarks,
      }),
    )
    .min(1),
  remarks,
});

const component = z.strictObject({
  uuid,
  type: line,
  title: z.string(),
  description: z.string(),
  props: list(property),
  status: z.strictObject({
    state: z.enum(['under-development', 'operational', 'disposition', 'other']),
    remarks,
  }),
  remarks,
});

const inventoryItem = z.strictObject({
  uuid,
  description: z.string(),
  props: list(property),
  'implemented-components': list(z.strictObject({ 'component-uuid': uuid })),
  remarks,
});

const observation = z.strictObject({
  uuid,
  title: z.string().optional(),
  description: z.string(),
  props: list(property),
  methods: z.array(z.enum(['EXAMINE', 'INTERVIEW', 'TEST', 'UNKNOWN'])).min(1),
  types: list(token),
  origins: list(
    z.strictObject({
      actors: z
        .array(z.strictObject({ type: z.enum(['tool', 'assessment-platform', 'party']), 'actor-uuid': uuid }))
        .min(1),
    }),
  ),
  subjects: list(z.strictObject({ 'subject-uuid': uuid, type: token })),
  'relevant-evidence': list(z.strictObject({ href: uriReference.optional(), description: z.string() })),
  collected: dateTime,
  expires: dateTime.optional(),
  remarks,
});

const finding = z.strictObject({
  uuid,
  title: z.string(),
  description: z.string(),
  props: list(property),
  target: z.strictObject({
    type: z.enum(['statement-id', 'objective-id']),
    'target-id': token,
    status: z.strictObject({
      state: z.enum(['satisfied', 'not-satisfied']),
      reason: token.optional(),
      remarks,
    }),
    remarks,
  }),
  'related-observations': list(z.strictObject({ 'observation-uuid': uuid })),
  remarks,
});

const part = z.strictObject({
  uuid: uuid.optional(),
  name: token,
  ns: uri.optional(),
  title: z.string().optional(),
  prose: z.string().optional(),
});

export const assessmentResultsShape = z.strictObject({
  'assessment-results': z.strictObject({
    uuid,
    metadata,
    'import-ap': z.strictObject({ href: uriReference, remarks }),
    results: z
      .array(
        z.strictObject({
          uuid,
          title: z.string(),
          description: z.string(),
          start: dateTime,
          end: dateTime.optional(),
          props: list(property),
          'local-definitions': z
            .strictObject({ components: list(component), 'inventory-items': list(inventoryItem) })
            .optional(),
          'reviewed-controls': reviewedControls,
          attestations: list(z.strictObject({ parts: z.array(part).min(1) })),
          observations: list(observation),
          findings: list(finding),
          remarks,
        }),
      )
      .min(1),
    'back-matter': backMatter.optional(),
  }),
});

export const assessmentPlanShape = z.strictObject({
  'assessment-plan': z.strictObject({
    uuid,
    metadata,
    'import-ssp': z.strictObject({ href: uriReference, remarks }),
    'reviewed-controls': reviewedControls,
    'back-matter': backMatter.optional(),
  }),
});
