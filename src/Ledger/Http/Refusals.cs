namespace Ledger.Http;

/// <summary>Answers that several endpoints share.</summary>
internal static class Refusals
{
    /// <summary>The same for a job that never was, another bot's, and what is no job id.</summary>
    public static ErrorAnswer UnknownJob { get; } = new(404, "there is no such job");

    public static ErrorAnswer TooMany(int secondsToWait) => new(429, $"too many requests: repeat this one in {secondsToWait} s", secondsToWait);
}
