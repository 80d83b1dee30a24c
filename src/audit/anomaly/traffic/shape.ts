/** How the use of a key is spread over a week; a mean of about 1 over all hours. */
export const shapes = ['office', 'flat', 'batch', 'sparse'] as const;

export type Shape = (typeof shapes)[number];

/** Hours since 1970 began on a Thursday; Monday is day 0 here. */
function weekHour(hour: number): { day: number; hourOfDay: number } {
  const days = Math.floor(hour / 24);
  return { day: (days + 3) % 7, hourOfDay: hour % 24 };
}

const officeHours = [
  0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.4, 1.5, 3.5, 4.5, 4.5, 4, 3, 4, 4.5, 4.5, 4, 2.5, 1, 0.5, 0.3, 0.2, 0.1,
  0.1,
];

/** The share of an hour, `phase` being the hour of the day at which a batch runs. */
export function shareOfHour(shape: Shape, hour: number, phase: number): number {
  const { day, hourOfDay } = weekHour(hour);
  if (shape === 'office') return (day < 5 ? 0.75 : 0.05) * (officeHours[hourOfDay] ?? 0);
  if (shape === 'batch') return hourOfDay === phase ? 24 : 0;
  if (shape === 'sparse') return day < 5 && hourOfDay >= 7 && hourOfDay < 19 ? 2.8 : 0;
  return day < 5 ? 1.05 : 0.9;
}
