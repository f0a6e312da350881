using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// The primary proposes a block; it stands for the primary's PREPARE and is signed as one (OSDI '99 §4.2).
/// </summary>
public sealed record PrePrepare(View View, Block Block) : PromiseMessage
{
    public Subject Subject => new(View, Block.Height, Block.Hash);

    public override Statement StatementOn(Digest chain) => Subject.Prepare(chain);

    public override string ToString() => $"PRE-PREPARE {Subject}";
}

/// <summary>The sender accepted this block, and no other, at this height in this view.</summary>
public sealed record Prepare(Subject Subject) : PromiseMessage
{
    public override Statement StatementOn(Digest chain) => Subject.Prepare(chain);

    public override string ToString() => $"PREPARE {Subject}";
}

/// <summary>The sender holds a durable prepared certificate for this block.</summary>
public sealed record Commit(Subject Subject) : PromiseMessage
{
    public override Statement StatementOn(Digest chain) => Subject.Commit(chain);

    public override string ToString() => $"COMMIT {Subject}";
}

/// <summary>
/// The sender asks for a view and reports the highest prepared certificate it knows; it votes no more below
/// that view.
/// </summary>
public sealed record ViewChange(View Target, QuorumCertificate Highest) : PromiseMessage
{
    public override Statement StatementOn(Digest chain) => Report.StatementOn(chain, Target, Highest.Subject);

    public override string ToString() => $"VIEW-CHANGE to v{Target} with {Highest.Subject}";
}

/// <summary>
/// The primary of a view opens it: the proof that a quorum asked for it, and the base that follows.
/// </summary>
public sealed record NewView(TimeoutCertificate Timeout, QuorumCertificate Base) : PromiseMessage
{
    public View View => Timeout.View;

    public override Statement StatementOn(Digest chain)
        => new(chain, StatementKind.NewView, View, Base.Subject.View, Base.Subject.Height,
            Base.Subject.Block);

    public override string ToString() => $"NEW-VIEW v{View} on {Base.Subject}";
}

/// <summary>Where the sender stands, so that a peer can repeat what it lacks.</summary>
public sealed record Status(View View, bool Entered, Height Committed) : HintMessage
{
    public override string ToString() => $"STATUS v{View} h{Committed}";
}

/// <summary>On behalf of linearizable reads: what is the receiver committed to?</summary>
/// <param name="Question">Names the question, for the answer.</param>
public sealed record ReadQuery(ulong Question) : HintMessage
{
    public override string ToString() => $"READ-QUERY {Question}";
}

/// <param name="Question">What is answered.</param>
/// <param name="Highest">Of the sender's certificates the one that no committed block of its knowledge is
/// above.</param>
/// <param name="Committed">The last block that the sender has decided.</param>
public sealed record ReadAnswer(ulong Question, QuorumCertificate Highest, Height Committed) : HintMessage
{
    public override string ToString() => $"READ-ANSWER {Question} {Highest.Subject}";
}

/// <summary>One replica's signed tuple inside a timeout certificate: what its VIEW-CHANGE reported.</summary>
public readonly record struct Report(ValidatorIndex Validator, Subject Highest, Signature Signature)
{
    public static Statement StatementOn(Digest chain, View target, Subject highest)
        => new(chain, StatementKind.ViewChange, target, highest.View, highest.Height, highest.Block);
}

/// <summary>
/// A quorum's reports for one view (FC '22, section 3). The highest of them names the base of that view:
/// every block committed below it is that base or an ancestor of it.
/// </summary>
public sealed record TimeoutCertificate(View View, IReadOnlyList<Report> Reports)
{
    /// <summary>The highest report by (view, height).</summary>
    public Subject Highest
    {
        get
        {
            var highest = Reports[0].Highest;
            for (var i = 1; i < Reports.Count; i++)
            {
                if (Reports[i].Highest.Outranks(highest))
                {
                    highest = Reports[i].Highest;
                }
            }

            return highest;
        }
    }
}
