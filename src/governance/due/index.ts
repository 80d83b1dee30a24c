export { calendarOf } from './calendar.ts';
export { deadlineKinds, type Deadline, type DeadlineKind } from './deadline.ts';
export { type Due, dueOf, dueQuestion, type DueWish } from './due.ts';
