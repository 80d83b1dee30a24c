export {
  type ComplianceRun,
  type CheckOutcome,
  evidenceId,
  evidenceIndex,
  methodWords,
  outcomeOrder,
  outcomeWords,
  runText,
  verdictWords,
} from '#governance';
