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

/// <summary>Why one node did not do what it was asked.</summary>
/// <param name="HasAnswered">It is there, and says itself why not now.</param>
internal sealed record NodeRefusal(Uri Node, bool HasAnswered, string? Reason)
{
    public override string ToString() => (HasAnswered, Reason) switch
    {
        (true, null) => $"{Node} is not ready",
        (true, _) => $"{Node} is not ready: {Reason}",
        _ => $"{Node} does not answer ({Reason})",
    };
}

/// <summary>None of the nodes that were named did what it was asked: most often none is there.</summary>
internal sealed class NoNodeAnswersException(IReadOnlyList<NodeRefusal> refusals)
    : Exception(Sentence(refusals))
{
    /// <summary>The same where other nodes are asked too, and not instead.</summary>
    public string AmongOthers { get; }
        = $"{string.Join(", ", refusals)}; start it, or look with 'ledger doctor' for what is wrong";

    private static string Sentence(IReadOnlyList<NodeRefusal> refusals)
        => refusals.Any(refusal => refusal.HasAnswered)
            ? $"{string.Join(", ", refusals)}; try again, or look with 'ledger doctor' for what is wrong"
            : "no node answers: "
                + string.Join(", ", refusals.Select(refusal => $"{refusal.Node} ({refusal.Reason})"))
                + "; start one with 'ledger devnet', or name one with --node";
}
