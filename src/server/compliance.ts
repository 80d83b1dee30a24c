export {
  type ComplianceRun,
  type CheckOutcome,
  evidenceId,
  evidenceIndex,
  methodWords,
  outcomeOrder,
  outcomeWords,
  complianceRunText,
  verdictWords,
} from '#governance';
