/** What went wrong, with the hub's own `code` and, where there is one, the HTTP status or the close code. */
export class HubError extends Error {
  code: string;
  status: number | undefined;

  constructor(code: string, title?: string, status?: number) {
    super(title || code);
    this.code = code;
    this.status = status;
  }
}
