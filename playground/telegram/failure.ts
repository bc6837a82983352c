/** A refusal in Telegram's words, with its HTTP status. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  readonly code: number;
  readonly retryAfter: number | undefined;

  constructor(code: number, description: string, retryAfter?: number) {
    super(description);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export const badRequest = (reason: string): ApiFailure => new ApiFailure(400, `Bad Request: ${reason}`);
export const forbidden = (reason: string): ApiFailure => new ApiFailure(403, `Forbidden: ${reason}`);
export const conflict = (reason: string): ApiFailure => new ApiFailure(409, `Conflict: ${reason}`);
/** `seconds` until the call may be repeated. */
export const tooMany = (seconds: number): ApiFailure =>
  new ApiFailure(429, `Too Many Requests: retry after ${seconds}`, seconds);
