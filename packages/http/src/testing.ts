export { exerciseHttp, type HttpFixture, type MakeHttp } from './testing/exercise-http.ts'
export { createFakeHttp, type FakeHttp } from './testing/fake-http.ts'
export {
  Script,
  type ScriptedAnswer,
  type ScriptedReply,
  type ScriptedRequest,
} from './testing/scripted-peer.ts'
export { ScriptedServer, startScriptedServer } from './testing/scripted-server.ts'
