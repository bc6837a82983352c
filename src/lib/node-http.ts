/**
 * Not an `import`: that reads every export of node:http, and one of them loads undici, which costs 35 ms at start-up.
 */
export const { Agent, createServer, request } = process.getBuiltinModule("node:http");
