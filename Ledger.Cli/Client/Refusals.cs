using System.Net;

namespace Ledger.Cli.Client;

/// <summary>A node that answered, and said no.</summary>
internal sealed class RefusedException(HttpStatusCode status, string reason)
    : Exception($"the node refused it ({(int)status}): {reason}; {Mend(status)}")
{
    public HttpStatusCode Status { get; } = status;

    public string Reason { get; } = reason;

    private static string Mend(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest => "correct the request",
        HttpStatusCode.Unauthorized => "sign with the sender's key",
        HttpStatusCode.Forbidden => "have an admin grant the role with 'ledger tx grant'",
        HttpStatusCode.NotFound => "check the name, or ask another node with --node",
        HttpStatusCode.Conflict => "read the current state and decide again",
        HttpStatusCode.RequestEntityTooLarge => "send less at once",
        _ => "look at the node's log",
    };
}

/// <summary>A node that is full: it says when to come again.</summary>
internal sealed class BusyException(TimeSpan retryAfter) : Exception("The node is full.")
{
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>None of the nodes that were named answered.</summary>
internal sealed class NoNodeAnswersException(string refusals)
    : Exception($"no node answers: {refusals}; start one with 'ledger devnet', or name one with --node");
