// The official OpenAI client for Node.js talks to a server: openai_client.mjs URL FOLDER; FOLDER has it.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [url, folder] = process.argv.slice(2);
const { default: OpenAI } = createRequire(`${folder}/`)("openai");
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });

const messages = [{ role: "user", content: "turn on the light in the kitchen" }];
const light = { room: "kitchen", state: "on" };
const ask = { model: "pocket", messages, temperature: 0 };
const parameters = { type: "object", properties: { room: { type: "string" }, state: { type: "string" } } };
const light_set = { name: "light_set", description: "Switch lights.", parameters };
const tools = [{ type: "function", function: light_set }];

async function chat() {
  const reply = await client.chat.completions.create(ask);
  assert.deepEqual(JSON.parse(reply.choices[0].message.content), { tool: "light_set", args: light });
  assert.equal(reply.choices[0].finish_reason, "stop");
  const again = await client.chat.completions.create(ask);
  assert.equal(again.usage.prompt_tokens_details.cached_tokens, again.usage.prompt_tokens - 1);
  return reply.choices[0].message.content;
}

async function stream(whole) {
  const options = { stream: true, stream_options: { include_usage: true } };
  const chunks = await client.chat.completions.create({ ...ask, ...options });
  let text = "", finish = null, usage = null;
  for await (const chunk of chunks) {
    text += chunk.choices[0]?.delta.content ?? "";
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole);
  assert.equal(finish, "stop");
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
}

async function stopStream() {
  const chunks = await client.chat.completions.create({ ...ask, ignore_eos: true, stream: true });
  for await (const chunk of chunks) if (chunk.choices[0].delta.content) break; // closes the connection
}

// The client's own helper runs the tool, sends its result, and asks again.
async function callTools() {
  const reply = await client.chat.completions.create({ ...ask, tools });
  const [call] = reply.choices[0].message.tool_calls;
  assert.equal(reply.choices[0].finish_reason, "tool_calls");
  assert.equal(call.function.name, "light_set");
  assert.deepEqual(JSON.parse(call.function.arguments), light);
  const streamed = await client.chat.completions.stream({ ...ask, tools }).finalChatCompletion();
  assert.deepEqual(JSON.parse(streamed.choices[0].message.tool_calls[0].function.arguments), light);
  const result = { role: "tool", tool_call_id: call.id, content: "done" };
  const on = [...messages, reply.choices[0].message, result];
  const last = await client.chat.completions.create({ ...ask, messages: on, tools, max_tokens: 4 });
  assert.ok(last.usage.completion_tokens <= 4);
}

async function embeddings() {
  const reply = await client.embeddings.create({ model: "stories", input: ["a cat sat", "hello"] });
  assert.equal(reply.data.length, 2);
  for (const { embedding } of reply.data) {
    assert.equal(embedding.length, 64);
    assert.ok(Math.abs(embedding.reduce((sum, x) => sum + x * x, 0) - 1) < 1e-5);
  }
  const plain = { model: "stories", input: "a cat sat", encoding_format: "float" };
  const [floats] = (await client.embeddings.create(plain)).data;
  assert.deepEqual(Array.from(reply.data[0].embedding), floats.embedding.map(Math.fround));
}

async function refused(kind, part, body) {
  await assert.rejects(client.chat.completions.create({ ...ask, ...body }), (error) => {
    assert.ok(error instanceof kind, `${error}`);
    assert.ok(error.message.includes(part), error.message);
    return true;
  });
}

async function errors() {
  const format = { type: "json_schema", json_schema: {} };
  const long = [{ role: "user", content: "light ".repeat(2000) }];
  await refused(OpenAI.NotFoundError, "nobody", { model: "nobody" });
  await refused(OpenAI.BadRequestError, "messages", { messages: [] });
  await refused(OpenAI.BadRequestError, "temperature", { temperature: -1 });
  await refused(OpenAI.BadRequestError, "foo", { foo: 1 });
  await refused(OpenAI.BadRequestError, "json_schema", { response_format: format });
  await refused(OpenAI.BadRequestError, "512", { messages: long });
}

assert.deepEqual((await client.models.list()).data.map(({ id }) => id), ["pocket", "stories"]);
await stream(await chat());
await stopStream();
await callTools();
await embeddings();
await errors();
