using Wolverine.Attributes;

namespace Ledger.Notifications.Mail;

/// <summary>Asks for one attempt to send a mail about a job's end. Handling it twice sends nothing twice.</summary>
/// <param name="Delivery">The delivery's id.</param>
[MessageIdentity("send_mail")]
public sealed record SendMail(Guid Delivery);
