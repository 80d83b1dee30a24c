/** An error in AWS's own words, for what is wrong before the door is reached. */
export class AwsError extends Error {
  readonly type: string;
  readonly status: number;

  constructor(type: string, message: string, status = 400) {
    super(message);
    this.name = 'AwsError';
    this.type = type;
    this.status = status;
  }
}

/** What this server does not offer, said as AWS says it. */
export function unsupported(what: string): AwsError {
  return new AwsError('UnsupportedOperationException', what);
}

export function validation(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
