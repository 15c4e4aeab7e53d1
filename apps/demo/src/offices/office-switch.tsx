import type { FC } from 'hono/jsx'
import type { Input } from '../web/fields.ts'
import type { Problem } from '../web/invalid.ts'
import type { Language } from '../web/language.ts'
import { Field } from '../web/form.tsx'
import type { Association } from './associations.ts'

/** The offices of a person: which one they work in, and a form for one more. */
export const OfficeSwitch: FC<{
  mine: readonly Association[]
  input: Input
  problems: readonly Problem[]
  language: Language
}> = ({ mine, input: { officeName }, problems, language }) => (
  <section>
    <h2>{{ ja: '所属する事業所', en: 'Your offices' }[language]}</h2>
    <ul class="list">
      {mine.map((each) => (
        <li class="row">
          {each.officeName}
          {each.isPrimary ? (
            <span class="tag good">{{ ja: '表示中', en: 'current' }[language]}</span>
          ) : (
            <form method="post" action="/home/office">
              <input type="hidden" name="officeId" value={each.officeId} />
              <button class="quiet">{{ ja: '切り替える', en: 'Switch to it' }[language]}</button>
            </form>
          )}
        </li>
      ))}
    </ul>
    <form method="post" action="/home/offices">
      <Field
        name="officeName"
        label={{ ja: '新しい事業所の名前', en: 'Name of a further office' }}
        value={typeof officeName === 'string' ? officeName : undefined}
        maxLength={50}
        {...{ language, problems }}
      />
      <button class="second">{{ ja: '事業所を追加する', en: 'Add the office' }[language]}</button>
    </form>
  </section>
)
