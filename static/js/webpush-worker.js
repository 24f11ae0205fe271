// Show what came, also while no page is open. It holds no data and answers no requests.
self.addEventListener("push", (event) => {
  const { title, body, tag, url, why, stays } = event.data.json();
  const shown = { body, tag, renotify: true, requireInteraction: stays, data: { url: url || why } };
  event.waitUntil(self.registration.showNotification(title, shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  if (event.notification.data.url) event.waitUntil(self.clients.openWindow(event.notification.data.url));
});
