import { type Notice, oneLine } from './notice.ts';

export type MailText = { readonly subject: string; readonly text: string };

/** Lines of text of strangers: line ends stay, nothing else that a terminal would take for a command. */
function lines(text: string): string {
  return text
    .split('\n')
    .map((line) => oneLine(line, 900))
    .join('\n');
}

/** A notice as a plain mail. */
export function noticeMail(notice: Notice): MailText {
  const { id, at, kind, severity, environment, title, text, data } = notice;
  return {
    subject: oneLine(`[Claviger] ${severity} ${kind} in ${environment}: ${title}`, 200),
    text: [
      lines(text),
      '',
      `time:        ${new Date(at).toISOString()}`,
      `environment: ${environment}`,
      `severity:    ${severity}`,
      `id:          ${id}`,
      '',
      lines(JSON.stringify(data, null, 2)),
      '',
    ].join('\n'),
  };
}
