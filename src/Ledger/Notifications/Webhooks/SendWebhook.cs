using Wolverine.Attributes;

namespace Ledger.Notifications.Webhooks;

/// <summary>Asks for one attempt to post a job's end to a webhook. Handling it twice sends nothing twice.</summary>
/// <param name="Delivery">The delivery's id.</param>
[MessageIdentity("send_webhook")]
public sealed record SendWebhook(Guid Delivery);
