using Ledger.Node.Api;

namespace Ledger.Cli.Client;

/// <summary>The words of a node's answers, and the questions that commands ask of them.</summary>
internal static class Replies
{
    public const string Pending = "pending";
    public const string Final = "final";
    public const string Rejected = "rejected";

    extension(TransactionReply reply)
    {
        public bool IsFinal => reply.Status == Final;

        public bool IsApplied => reply.Status == Final && reply.Applied == true;

        public bool IsPending => reply.Status == Pending;

        /// <summary>Refused only because the node is full just now.</summary>
        public bool IsForLater => reply is { Status: Rejected, Code: "mempool_full" or "sender_share_full" };
    }
}

/// <summary>RFC 9457 problem details.</summary>
internal sealed record ProblemReply(string? Title, string? Detail, int? Status);
