import { type RawBuilder, sql } from 'kysely'

/**
 * An array of texts as one parameter. As JSON it is the same for every driver and may have any text in it, where an
 * array of JavaScript is not, and an array literal would have to be quoted.
 */
export function textList(texts: readonly string[]): RawBuilder<unknown> {
  return sql`array(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`
}
