export * from './attestation-subjects.ts';
export * from './ceremony/index.ts';
export * from './check.ts';
export * from './documents/index.ts';
export * from './due/index.ts';
export { attestationSubjects, checkLibrary, type AttestationSubject } from './checks/index.ts';
export { dataMarks, isMarked, markWords, type DataMark } from './data-mark.ts';
export * from './evaluate.ts';
export * from './evidence/index.ts';
export * from './finding.ts';
export * from './framework.ts';
export { frameworkOf, frameworks } from './frameworks/index.ts';
export * from './governed.ts';
export * from './inventory/index.ts';
export * from './population.ts';
export * from './detectors/index.ts';
export { evidenceId, evidenceIndex, type EvidenceItem } from './evidence-index.ts';
export { assessmentPlanText, assessmentResultsText } from './oscal.ts';
export { complianceReport } from './report-html.ts';
export { methodWords, outcomeOrder, outcomeWords, verdictWords } from './report-words.ts';
export {
  beginFramework,
  runText,
  requirementOutcome,
  runFramework,
  runFrameworks,
} from './run.ts';
export * from './register.ts';
