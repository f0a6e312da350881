using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// A validator that lies. It runs the honest code and holds a validator's key; a strategy stands between that
/// code and the network, and may say anything of its own. What it does not override it does as an honest one
/// would.
/// </summary>
internal abstract class Liar
{
    private Simulator? _simulator;
    private Host? _host;

    /// <summary>What the honest code wants said just now, and to how many of those it was.</summary>
    private Envelope? _honest;
    private int _told;

    /// <summary>What else was said since that was last looked at.</summary>
    private int _other;

    /// <summary>As users name it.</summary>
    public abstract string Name { get; }

    /// <summary>How often it gets to act on its own.</summary>
    public virtual TimeSpan ActsEvery => TimeSpan.FromMilliseconds(150);

    /// <summary>How often it did what the honest code would not have done.</summary>
    public long Lies { get; private set; }

    protected Simulator World => _simulator!;

    protected Host Host => _host!;

    protected ValidatorIndex Self => Host.Self;

    protected Chance Chance { get; private set; } = new(0);

    protected Conspiracy Conspiracy => World.Conspiracy;

    protected View View => Host.Life?.Engine.View ?? View.Zero;

    /// <summary>The one that has begun on its ledger.</summary>
    protected Epoch Epoch => Host.Life?.Machine.Epoch ?? Epoch.First(World.Genesis);

    protected Height Final => Host.Ledger.Head?.Height ?? Height.Genesis;

    public void Join(Simulator simulator, Host host, Chance chance)
    {
        (_simulator, _host, Chance) = (simulator, host, chance);
        Begin();
        ActLater();
    }

    /// <summary>What the honest code says.</summary>
    public void Says(Envelope envelope, Recipients to)
    {
        (_honest, _told) = (envelope, 0);
        OnSay(envelope, to);
        var isHonest = _told == (to.Only is null ? World.Seats - 1 : 1);
        _honest = null;
        Note(!isHonest);
    }

    /// <summary>What it hears.</summary>
    /// <returns>Whether the honest code shall hear it too.</returns>
    public bool Hears(Envelope envelope)
    {
        var isHeard = OnHear(envelope);
        Note(!isHeard);
        return isHeard;
    }

    /// <summary>Whether a transaction enters its mempool.</summary>
    public bool Takes(Transaction transaction)
    {
        var isTaken = Admits(transaction);
        Note(!isTaken);
        return isTaken;
    }

    /// <summary>What it proposes instead of what the honest code would.</summary>
    public Block Proposes(ProposalRequest request, Block block)
    {
        var proposed = OnPropose(request, block);
        Note(proposed != block);
        return proposed;
    }

    /// <summary>What it answers a peer that lacks blocks.</summary>
    public Parcel.Answer Answers(Parcel.Question question, Parcel.Answer honest)
    {
        var answer = OnAsked(question, honest);
        Note(answer != honest);
        return answer;
    }

    protected virtual void OnSay(Envelope envelope, Recipients to) => Send(envelope, to);

    protected virtual bool OnHear(Envelope envelope) => true;

    protected virtual bool Admits(Transaction transaction) => true;

    protected virtual Block OnPropose(ProposalRequest request, Block block) => block;

    protected virtual Parcel.Answer OnAsked(Parcel.Question question, Parcel.Answer honest) => honest;

    protected virtual void Begin()
    {
    }

    protected virtual void Act()
    {
    }

    protected void Send(Envelope envelope, Recipients to)
    {
        if (ReferenceEquals(envelope, _honest))
        {
            _told += to.Only is null ? World.Seats - 1 : 1;
        }
        else
        {
            _other++;
        }

        Host.Life?.Say(envelope, to);
    }

    /// <summary>Says anything, well signed, to whom it likes.</summary>
    protected void Say(PromiseMessage message, params IEnumerable<ValidatorIndex> to)
    {
        var envelope = Sign(message);
        foreach (var receiver in to)
        {
            Send(envelope, Recipients.Just(receiver));
        }
    }

    protected Envelope Sign(PromiseMessage message)
        => new(Self, message, World.Signatures.Sign(Self, message.StatementOn(World.Genesis.Hash)));

    protected IEnumerable<ValidatorIndex> Others()
    {
        for (var i = 0; i < World.Seats; i++)
        {
            if (i != Self.Value)
            {
                yield return new(i);
            }
        }
    }

    /// <summary>Each of the others with this probability, in percent.</summary>
    protected List<ValidatorIndex> SomeOthers(int percent)
        => [.. Others().Where(_ => Chance.Percent(percent))];

    /// <summary>A block that differs only in its time, so that it is as valid.</summary>
    protected static Block Sibling(Block block, int milliseconds)
        => new(
            block.Header with { Time = block.Header.Time.Plus(TimeSpan.FromMilliseconds(milliseconds)) },
            block.Transactions);

    protected Digest AnyDigest() => Sha256.Hash(BitConverter.GetBytes(Chance.Next()));

    private void Note(bool isLie)
    {
        Lies += isLie || _other > 0 ? 1 : 0;
        _other = 0;
    }

    private void ActLater() => World.Agenda.After(
        Chance.Between(ActsEvery / 2, ActsEvery * 2),
        () =>
        {
            if (World.LiarsAct)
            {
                if (Host.Life is not null)
                {
                    var deaths = Host.Deaths;
                    Act();
                    Note(Host.Deaths > deaths);
                }

                ActLater();
            }
        });
}

/// <summary>
/// What liars share: whom each of two stories is told to, and every certificate any of them has seen.
/// </summary>
internal sealed class Conspiracy(Simulator simulator, Chance chance)
{
    private const int Kept = 64;

    private readonly Dictionary<ulong, bool[]> _sides = [];
    private readonly Dictionary<(View View, Height Height), Subject[]> _stories = [];
    private readonly Queue<QuorumCertificate> _certificates = new();

    public IReadOnlyCollection<QuorumCertificate> Certificates => _certificates;

    /// <summary>Which of the two stories this validator is told in a view.</summary>
    public int SideOf(View view, ValidatorIndex validator)
    {
        if (!_sides.TryGetValue(view.Value, out var sides))
        {
            sides = [.. Enumerable.Range(0, simulator.Seats).Select(_ => chance.OneIn(2))];
            _sides[view.Value] = sides;

            // Two stories need two listeners that are not in the plot.
            var honest = simulator.Hosts
                .Where(host => host.IsHonest && simulator.Members.Current.Contains(host.Self))
                    .Select(host => host.Self.Value).ToList();
            if (honest.Count > 1 && honest.TrueForAll(i => sides[i] == sides[honest[0]]))
            {
                sides[chance.Pick(honest)] ^= true;
            }
        }

        return sides[validator.Value] ? 1 : 0;
    }

    public void TellStories(Subject first, Subject second)
        => _stories[(first.View, first.Height)] = [first, second];

    /// <summary>What is said at a place to this validator, if two stories are told there.</summary>
    public Subject? StoryFor(View view, Height height, ValidatorIndex validator)
        => _stories.TryGetValue((view, height), out var stories) ? stories[SideOf(view, validator)] : null;

    public void Keep(QuorumCertificate certificate)
    {
        _certificates.Enqueue(certificate);
        if (_certificates.Count > Kept)
        {
            _certificates.Dequeue();
        }
    }
}
