/**
 * A mail server in a process of its own: it reads and answers, and keeps nothing. It says its port first,
 * and how many messages it took since it was asked last when it is asked.
 */
import { createServer, type Socket } from 'node:net'

let taken = 0

const ANSWERS: Readonly<Record<string, string>> = {
  EHLO: '250-sink\r\n250-PIPELINING\r\n250 8BITMIME',
  DATA: '354 go on',
  QUIT: '221 bye',
}

function serve(socket: Socket): void {
  let rest = ''
  let isMessage = false
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.write('220 sink ESMTP\r\n')
  socket.setEncoding('latin1').on('data', (text: string) => {
    rest += text
    let answers = ''
    for (;;) {
      const end = isMessage ? '\r\n.\r\n' : '\r\n'
      const at = rest.indexOf(end)
      if (at < 0) break
      const line = rest.slice(0, at)
      rest = rest.slice(at + end.length)
      if (isMessage) taken += 1
      const verb = isMessage ? '' : line.slice(0, 4)
      isMessage = verb === 'DATA'
      answers += `${ANSWERS[verb] ?? '250 2.0.0 OK'}\r\n`
    }
    if (isMessage && rest.length > 5) rest = rest.slice(-5)
    if (answers !== '') socket.write(answers)
  })
}

const server = createServer(serve).listen(0, '127.0.0.1', () => {
  process.send?.(server.address())
})
process.on('message', () => {
  process.send?.(taken)
  taken = 0
})
process.once('disconnect', () => process.exit())
