const FORM = /<form[^>]* action="([^"]*)".*?<\/form>/gs
const FIELD = /<(?:input|button)(?=[^>]* name="([^"]*)")(?=[^>]* value="([^"]*)")/g
const CHOICE = /<option[^>]* value="([^"]*)"/g
const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/

/** A form as a page shows it. */
export interface Form {
  readonly action: string
  /** What it sends; of a list its last choice. */
  readonly fields: Readonly<Record<string, string>>
  /** The fields that hold an id. The form's own key is not one: nothing is looked up by it. */
  readonly ids: readonly string[]
}

/** The forms of a page. */
export function formsIn(page: string): Form[] {
  return Array.from(page.matchAll(FORM), ([form, action = '']) => {
    const fields = fieldsOf(form)
    const ids = Object.keys(fields).filter((name) => name !== 'key' && ID.test(fields[name] ?? ''))
    return { action, fields, ids }
  })
}

function fieldsOf(form: string): Record<string, string> {
  const own = Array.from(form.matchAll(FIELD), ([, name = '', value = '']) => [name, value])
  const lists = form.split(/(?=<select)/).slice(1)
  const chosen = lists.map((list) => {
    const values = Array.from(list.matchAll(CHOICE), ([, value]) => value)
    return [/ name="([^"]*)"/.exec(list)?.[1] ?? '', values.at(-1) ?? '']
  })
  return Object.fromEntries([...own, ...chosen]) as Record<string, string>
}
