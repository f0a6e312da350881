using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;

namespace Ledger.Simulation;

/// <summary>
/// As primary it proposes different blocks to two halves; as anyone it votes, in both phases, for whatever
/// each half was told. With more than f of its kind there must be a fork.
/// </summary>
internal sealed class EquivocatingPrimary : Liar
{
    public override string Name => "equivocate";

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        switch (envelope.Message)
        {
            case PrePrepare proposal when to.Only is null:
                var other = new PrePrepare(proposal.View, Sibling(proposal.Block, Chance.Between(1, 3)));
                Conspiracy.TellStories(proposal.Subject, other.Subject);
                foreach (var receiver in Others())
                {
                    var said = Conspiracy.SideOf(proposal.View, receiver) == 0 ? proposal : other;
                    Say(said, receiver);
                    Say(new Commit(said.Subject), receiver);
                }

                break;
            case Prepare prepare:
                Vote(prepare.Subject, subject => new Prepare(subject), to, envelope);
                Vote(prepare.Subject, subject => new Commit(subject), to, envelope);
                break;
            case Commit commit:
                Vote(commit.Subject, subject => new Commit(subject), to, envelope);
                break;
            default:
                Send(envelope, to);
                break;
        }
    }

    private void Vote(Subject honest, Func<Subject, PromiseMessage> vote, Recipients to, Envelope envelope)
    {
        if (Conspiracy.StoryFor(honest.View, honest.Height, Self) is null)
        {
            if (vote(honest).GetType() == envelope.Message.GetType())
            {
                Send(envelope, to);
            }

            return;
        }

        foreach (var receiver in to.Only is { } only ? [only] : Others())
        {
            Say(vote(Conspiracy.StoryFor(honest.View, honest.Height, receiver)!.Value), receiver);
        }
    }
}

/// <summary>
/// Proposes one block to some, dies or falls silent, and another block at the same place to others later.
/// </summary>
internal sealed class SecondThoughts : Liar
{
    private PrePrepare? _last;

    public override string Name => "second-thoughts";

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        if (envelope.Message is PrePrepare proposal && to.Only is null && Chance.OneIn(2))
        {
            _last = proposal;
            Say(proposal, SomeOthers(50));
            return;
        }

        Send(envelope, to);
    }

    protected override void Act()
    {
        if (_last is { } said && said.View == View)
        {
            Say(new PrePrepare(said.View, Sibling(said.Block, 1)), SomeOthers(60));
        }
    }
}

/// <summary>Votes twice in each phase: once as it should, once for another block, to whom it likes.</summary>
internal sealed class DoubleVoter : Liar
{
    public override string Name => "double-vote";

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        var subject = envelope.Message switch
        {
            Prepare prepare => prepare.Subject,
            Commit commit => commit.Subject,
            _ => (Subject?)null,
        };
        if (subject is { } voted && Chance.OneIn(2))
        {
            var other = voted with { Block = AnyDigest() };
            PromiseMessage lie = envelope.Message is Prepare ? new Prepare(other) : new Commit(other);
            Say(lie, SomeOthers(50));
        }

        Send(envelope, to);
    }
}

/// <summary>Commits to what it hears of at once, and votes for blocks that nobody has proposed.</summary>
internal sealed class RashVoter : Liar
{
    public override string Name => "rash-vote";

    protected override bool OnHear(Envelope envelope)
    {
        var subject = envelope.Message switch
        {
            PrePrepare proposal => proposal.Subject,
            Prepare prepare => prepare.Subject,
            _ => (Subject?)null,
        };
        if (subject is { } heard)
        {
            Say(new Prepare(heard), SomeOthers(70));
            Say(new Commit(heard), SomeOthers(70));
        }

        return true;
    }

    protected override void Act()
    {
        var unseen = new Subject(
            new(View.Value + (ulong)Chance.Below(4)), new(Final.Value + (ulong)Chance.Between(1, 10)),
            AnyDigest());
        Say(new Prepare(unseen), Others());
        Say(new Commit(unseen), Others());
    }
}
