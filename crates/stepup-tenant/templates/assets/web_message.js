{
  const { targetOrigin, message } = document.currentScript.dataset;
  // A frame answers the page around it, a pop-up the page that opened it.
  const asking = window.parent !== window ? window.parent : window.opener;
  asking?.postMessage(JSON.parse(message), targetOrigin);
}
