import { isFromThisMachine, type ServerInfo, requestSourceOf } from '@yuzuru/concurrency/boundary'

export type { ServerInfo } from '@yuzuru/concurrency/boundary'

/** Whether a request may do something. */
export type Predicate = (request: Request, info: ServerInfo) => boolean | Promise<boolean>

/** Lets those look who sit at this machine. */
export const fromThisMachine: Predicate = (request, info) =>
  isFromThisMachine(requestSourceOf(request, info))
