import type { Child, FC } from 'hono/jsx'
import type { Problem } from './invalid.ts'
import type { Language, Text } from './language.ts'

/**
 * What is wrong with the input, above the form that holds what was typed. A problem of one of the page's `fields`
 * is a link to it: name all that the page has.
 */
export const Problems: FC<{
  problems: readonly Problem[]
  language: Language
  fields: readonly string[]
}> = ({ problems, language, fields }) =>
  problems.length === 0 ? null : (
    <div class="problems" role="alert" tabindex={-1} autofocus>
      <ul>
        {problems.map(({ field, text }) => (
          <li data-field={field}>
            {fields.includes(field) ? (
              <a href={`#field-${field}`}>{text[language]}</a>
            ) : (
              text[language]
            )}
          </li>
        ))}
      </ul>
    </div>
  )

/** What an element that is no `Field`'s own says of its problem, if it has one. */
export function problemState(
  name: string,
  problems: readonly Problem[],
): { readonly 'aria-invalid'?: 'true'; readonly 'aria-describedby'?: string } {
  if (!problems.some(({ field }) => field === name)) return {}
  return { 'aria-invalid': 'true', 'aria-describedby': `field-${name}-problem` }
}

/** A labelled field that keeps what was typed and tells what is wrong with it. */
export const Field: FC<{
  name: string
  label: Text
  language: Language
  type?: string
  value?: string | undefined
  hint?: Text
  problems?: readonly Problem[]
  maxLength?: number
  autocomplete?: string
  /** In place of an input: an element with the id `field-NAME` and its {@link problemState}. */
  children?: Child
}> = ({ name, label, language, type = 'text', hint, problems = [], children, ...input }) => {
  const problem = problems.find(({ field }) => field === name)
  const id = `field-${name}`
  const about = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ')
  return (
    <p class={problem === undefined ? 'field' : 'field wrong'}>
      <label for={id}>{label[language]}</label>
      {hint === undefined ? null : (
        <span class="hint" id={`${id}-hint`}>
          {hint[language]}
        </span>
      )}
      {children ?? (
        <input
          id={id}
          name={name}
          type={type}
          value={input.value}
          maxlength={input.maxLength}
          autocomplete={input.autocomplete}
          required
          aria-invalid={problem === undefined ? undefined : 'true'}
          aria-describedby={about === '' ? undefined : about}
        />
      )}
      {problem === undefined ? null : (
        <span class="problem" id={`${id}-problem`}>
          {problem.text[language]}
        </span>
      )}
    </p>
  )
}
