/** The panel's page. Only its own script and style are let in; nothing is fetched from anywhere. */

/** The page with the addresses of its script and style, the source that styles may come from, and a new nonce. */
export function page(script: string, style: string, source: string, nonce: string): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${source}; form-action 'none'; base-uri 'none'`;
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="${style}">
    <title>Demiurgic</title>
  </head>
  <body>
    <main id="items" role="log" aria-live="polite" aria-label="Conversation" tabindex="0"></main>
    <div id="commands" role="group" aria-label="Commands"></div>
    <form id="form">
      <div id="attached" role="group" aria-label="Attached"></div>
      <textarea id="prompt" rows="2" aria-label="Message" placeholder="Ask, or say what shall be done"></textarea>
      <div id="bar">
        <select id="mode" aria-label="Mode" hidden></select>
        <span id="used"></span>
        <button id="stop" type="button" hidden>Stop</button>
        <button id="send" type="submit">Send</button>
      </div>
    </form>
    <script nonce="${nonce}" src="${script}"></script>
  </body>
</html>`;
}
