import { type AppContext, pageContext } from '../web/environment.ts'
import type { Text } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'

/** What yuzuru is about, in three sentences: each with a page that shows it. */
const IDEAS: readonly {
  readonly name: Text
  readonly text: Text
  readonly href: string
  readonly try: Text
}[] = [
  {
    name: { ja: '譲る', en: 'Yield' },
    text: {
      ja: 'await は「待つ」ではなく「譲る」。待っているあいだ、イベントループは他の仕事をします。',
      en: 'await does not mean to wait but to yield: meanwhile the event loop does other work.',
    },
    href: '/await',
    try: { ja: '測ってみる', en: 'Measure it' },
  },
  {
    name: { ja: '線まで届く', en: 'Down to the wire' },
    text: {
      ja: '時間切れや取り消しは、手で渡さなくても、データベースの中の SQL まで届いて止めます。',
      en: 'Nobody passes a signal by hand, and yet a deadline or a cancel reaches the SQL in the database and ends it.',
    },
    href: '/slow',
    try: { ja: '止めてみる', en: 'Stop a query' },
  },
  {
    name: { ja: '起きたかどうか', en: 'The outcome' },
    text: {
      ja: '失敗はすべて、効果が「なかった」のか「分からない」のかを言います。だから、やり直せるときが分かります。',
      en: 'Every failure says whether its effect did not happen or may have: so it is known what may be tried again.',
    },
    href: '/faults',
    try: { ja: '壊してみる', en: 'Break something' },
  },
]

/** The front door. */
export function startPage(c: AppContext): Response | Promise<Response> {
  const language = c.get('language')
  return c.html(
    <Layout
      context={pageContext(c)}
      title={{ ja: '支援計画を、期限どおりに。', en: 'Support plans, on time.' }}
    >
      <div class="cards three">
        {IDEAS.map((idea) => (
          <section class="card">
            <h2>{idea.name[language]}</h2>
            <p>{idea.text[language]}</p>
            <p>
              <a href={idea.href}>{idea.try[language]}</a>
            </p>
          </section>
        ))}
      </div>
      <section>
        <h2>{{ ja: '試してみる', en: 'Try it' }[language]}</h2>
        <p>
          {
            {
              ja: 'けいかくんは、福祉事業所の支援計画、申請と承認、会議、お支払いをまとめる小さなサービスです。データベースもメールも Stripe も Google も、このコンピューターの中だけで動いています。',
              en: 'Keikaku-kun keeps a welfare office’s support plans, requests, meetings and payments. Its database, mail, Stripe and Google all run on this machine alone.',
            }[language]
          }
        </p>
        <p class="row">
          <a class="button" href="/register">
            {{ ja: '事業所を登録する', en: 'Register an office' }[language]}
          </a>
          <a href="/day">{{ ja: '一日を動かしてみる', en: 'Run a whole day' }[language]}</a>
        </p>
      </section>
    </Layout>,
  )
}
