import type { FC } from 'hono/jsx'
import type { App } from '../app.ts'
import { forOffice, may, staffOf } from '../web/access.ts'
import { type AppContext, pageContext } from '../web/environment.ts'
import type { Input } from '../web/fields.ts'
import { Field, Problems, problemState } from '../web/form.tsx'
import { FormKey } from '../web/form-key.tsx'
import type { Problem } from '../web/invalid.ts'
import { formatMoment, type Language, type Text } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'
import { MAX_DOCUMENT_BYTES, tooLarge } from './pdf-body.ts'
import { type ListedPlan, listPlans, type Plan } from './plans.ts'

const STATES: Readonly<Record<Plan['status'], Text & { readonly tag: string }>> = {
  draft: { ja: '作成中', en: 'Draft', tag: 'tag warn' },
  approved: { ja: '承認済み', en: 'Approved', tag: 'tag good' },
}

/** The plans of an office, and a form for a new one. */
export async function plansPage(
  app: App,
  c: AppContext,
  input: Input,
  problems: readonly Problem[],
): Promise<Response> {
  const language = c.get('language')
  const plans = await listPlans(app, staffOf(c).office_id)
  const { title } = input
  return await c.html(
    <Layout context={pageContext(c)} title={{ ja: '支援計画', en: 'Support plans' }}>
      <Problems {...{ problems, language }} fields={['title']} />
      <section>
        {plans.length === 0 ? (
          <p>
            {{ ja: 'まだ支援計画がありません。', en: 'No plan yet. ' }[language]}
            <a href="#new">
              {{ ja: '最初の計画を作成する', en: 'Create the first one' }[language]}
            </a>
          </p>
        ) : (
          <ul class="list">
            {plans.map((plan) => (
              <li>
                <a href={`/plans/${plan.id}`}>{plan.title}</a>{' '}
                <State plan={plan} language={language} />
                <span class="hint">
                  {plan.document_name ?? { ja: '文書なし', en: 'no document' }[language]}
                  {plan.approved_at === null ? null : ' · '}
                  <Approval plan={plan} language={language} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section id="new">
        <h2>{{ ja: '新しい計画', en: 'A new plan' }[language]}</h2>
        <form method="post" action={forOffice('/plans', staffOf(c))}>
          <FormKey />
          <Field
            name="title"
            label={{ ja: '題名', en: 'Title' }}
            value={typeof title === 'string' ? title : undefined}
            maxLength={200}
            {...{ language, problems }}
          />
          <button>{{ ja: '作成する', en: 'Create' }[language]}</button>
        </form>
      </section>
    </Layout>,
  )
}

const State: FC<{ plan: ListedPlan; language: Language }> = ({ plan, language }) => {
  const state = STATES[plan.status]
  return <span class={state.tag}>{state[language]}</span>
}

/** Who approved it, and when; after its state, which says that it is. */
const Approval: FC<{ plan: ListedPlan; language: Language; afterState?: boolean }> = ({
  plan: { approved_at: at, approver },
  language,
  afterState = false,
}) => {
  if (at === null) return null
  const when = formatMoment(at, language)
  return (
    <>
      {
        {
          ja: `${approver ?? ''} が ${when} に承認`,
          en: `${afterState ? 'by' : 'approved by'} ${approver ?? ''}, ${when}`,
        }[language]
      }
    </>
  )
}

/** One plan: how it stands, its document, its meetings. */
export function planPage(
  c: AppContext,
  plan: ListedPlan,
  problems: readonly Problem[] = [],
): Response | Promise<Response> {
  const language = c.get('language')
  return c.html(
    <Layout
      context={{ ...pageContext(c), page: `/plans/${plan.id}` }}
      title={{ ja: plan.title, en: plan.title }}
    >
      <Problems {...{ problems, language }} fields={['document']} />
      <section>
        <p>
          <State plan={plan} language={language} />{' '}
          <Approval plan={plan} language={language} afterState />
        </p>
        {plan.status === 'draft' && may(staffOf(c), 'plans.approve') ? (
          <form method="post" action={`/plans/${plan.id}/approve`}>
            <button>
              {{ ja: '承認して職員に知らせる', en: 'Approve and tell the staff' }[language]}
            </button>
          </form>
        ) : null}
      </section>
      <section>
        <h2>{{ ja: '文書', en: 'Document' }[language]}</h2>
        {plan.document_name === null ? (
          <p class="soft">{{ ja: 'まだありません', en: 'There is none yet' }[language]}</p>
        ) : (
          <p>
            <a href={`/plans/${plan.id}/document`} target="_blank" rel="noopener">
              {plan.document_name}
            </a>{' '}
            <span class="soft">{`${((plan.document_bytes ?? 0) / 1_048_576).toFixed(1)} MB`}</span>
          </p>
        )}
        <UploadForm {...{ plan, language, problems }} />
      </section>
      <section>
        <h2>{{ ja: '会議', en: 'Meetings' }[language]}</h2>
        <p>
          <a href={`/plans/${plan.id}/meeting`}>
            {
              {
                ja: '空いている時間を見て、Googleカレンダーに登録する',
                en: 'Look for a free time, and put them into Google Calendar',
              }[language]
            }
          </a>
        </p>
      </section>
    </Layout>,
  )
}

/** What the script of the upload says. */
const SAID = {
  failed: { ja: '送信できませんでした', en: 'The upload failed' },
  sending: { ja: '送信しています', en: 'Uploading' },
  checking: { ja: '届いた内容を確かめています', en: 'Checking what has arrived' },
  changed: {
    ja: 'ファイルを読めません。選んだあとで変更されたようです。もう一度選んでください',
    en: 'The file can’t be read: it seems to have changed. Choose it again',
  },
  lost: {
    ja: '接続が切れました。つながりしだい続きから送ります',
    en: 'The connection was lost. It goes on from there as soon as there is one',
  },
} as const satisfies Readonly<Record<string, Text>>

const UploadForm: FC<{ plan: Plan; language: Language; problems: readonly Problem[] }> = ({
  plan,
  language,
  problems,
}) => (
  <form
    id="upload"
    class="drop"
    method="post"
    action={`/plans/${plan.id}/document`}
    enctype="multipart/form-data"
    data-url={`/api/v1/plans/${plan.id}/uploads`}
    data-failed={SAID.failed[language]}
    data-sending={SAID.sending[language]}
    data-checking={SAID.checking[language]}
    data-changed={SAID.changed[language]}
    data-lost={SAID.lost[language]}
    data-most={String(MAX_DOCUMENT_BYTES)}
    data-large={tooLarge()
      .problems.map(({ text }) => text[language])
      .join(' ')}
  >
    <p class="field">
      <label for="field-document">
        {
          {
            ja: 'PDFファイル（50 MBまで。ここにドラッグすることもできます）',
            en: 'PDF file of up to 50 MB; you may drag it here',
          }[language]
        }
      </label>
      <input
        id="field-document"
        type="file"
        name="document"
        accept="application/pdf"
        required
        {...problemState('document', problems)}
      />
      {problems
        .filter(({ field }) => field === 'document')
        .map(({ text }) => (
          <span class="problem" id="field-document-problem">
            {text[language]}
          </span>
        ))}
    </p>
    {/* With a script it goes straight to the store, without one as forms do. */}
    <button>{{ ja: 'アップロード', en: 'Upload' }[language]}</button>
    <p class="field" hidden>
      <label for="sent">{{ ja: '進み具合', en: 'Progress' }[language]}</label>
      <progress id="sent" max="1" value="0"></progress>
      <span class="hint" role="status"></span>
    </p>
    <p class="problem" role="alert"></p>
    <script src="/upload.js" type="module"></script>
  </form>
)
