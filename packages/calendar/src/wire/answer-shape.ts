/** Whether an answer holds what was asked for. */
export type AnswerShape = (answer: Readonly<Record<string, unknown>>) => boolean

/** An event, or a calendar: each has an id. */
export const isResource: AnswerShape = ({ id }) => typeof id === 'string' && id !== ''

/** One page of a list of them. */
export const isPage: AnswerShape = ({ items, kind, nextPageToken }) => {
  if (typeof (nextPageToken ?? '') !== 'string') return false
  if (!Array.isArray(items)) return items === undefined && typeof kind === 'string'
  return items.every((item: unknown) => isObject(item) && isResource(item))
}

/** What every answer in JSON is. */
export function isObject(answer: unknown): answer is Readonly<Record<string, unknown>> {
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer)
}
