using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// Reports certificates that nobody signed: made up, padded with its own signature, one member counted twice,
/// or a signature moved from another statement.
/// </summary>
internal sealed class CertificateForger : Liar
{
    public override string Name => "forge";

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        if (envelope.Message is ViewChange viewChange && Chance.Percent(70))
        {
            Conspiracy.Keep(viewChange.Highest);
            var forged = new ViewChange(viewChange.Target, Forged(viewChange.Target));
            Say(forged, to.Only is { } only ? [only] : Others());
            return;
        }

        // To a reader it names heights that nobody has prepared.
        if (envelope.Message is ReadAnswer answer && Chance.Percent(70))
        {
            envelope = envelope with { Message = answer with { Highest = Forged(View.Next) } };
        }

        Send(envelope, to);
    }

    protected override void Act()
    {
        if (Chance.OneIn(4))
        {
            Accuse(Chance.Pick([.. Others()]));
        }

        var target = View.Next;
        if (Epoch.Validators.PrimaryOf(target) == Self && Chance.OneIn(3))
        {
            var based = Chance.OneIn(2) ? Forged(target) : Epoch.StartCertificate;
            Say(new NewView(new(target, Reports(target, based.Subject)), based), Others());
        }
    }

    /// <summary>Shows and reports a double vote that never was: it can sign for nobody but itself.</summary>
    private void Accuse(ValidatorIndex innocent)
    {
        Offence offence = new(
            SimulatedGenesis.KeyOf(innocent.Value), StatementKind.Commit, View,
            new(Math.Max(1, Final.Value)));
        var lie = Evidence.Of(offence, MyVote(offence, AnyDigest()), MyVote(offence, AnyDigest()));
        Host.Life?.Broadcast(new Parcel.Evidence(lie.Encode()), World.Now);
        Host.Life?.Mempool.Admit(
            Transaction.Sign(
                new(
                    World.Genesis.ChainId, Host.Account.PublicKey, Host.Calendar.Plus(
                        TimeSpan.FromMinutes(1)),
                    (ulong)Chance.Next(), [new Operation.Report(lie)]),
                Host.Account),
            gossip: true);
    }

    private SignedVote MyVote(Offence offence, Digest block)
    {
        var vote = new Subject(offence.View, offence.Height, block).Commit(World.Genesis.Hash);
        return new(block, World.Signatures.Sign(Self, vote));
    }

    private QuorumCertificate Forged(View below)
    {
        var view = new View(below.Value == 0 ? 0 : below.Value - 1);
        var subject = new Subject(view, new(Final.Value + (ulong)Chance.Between(1, 3)), AnyDigest());
        var quorum = Epoch.Validators.Quorums.Quorum;
        return Chance.Below(3) switch
        {
            0 => new(StatementKind.Prepare, subject, [.. Signers(quorum, _ => MySignature(subject))]),
            1 => new(
                StatementKind.Prepare, subject,
                [.. Enumerable.Repeat(new Signer(Self, MySignature(subject)), quorum)]),
            _ => new(StatementKind.Prepare, subject, [new(Self, MySignature(subject))]),
        };
    }

    private IReadOnlyList<Report> Reports(View target, Subject highest)
    {
        var statement = Report.StatementOn(World.Genesis.Hash, target, highest);
        var mine = World.Signatures.Sign(Self, statement);
        var quorum = Epoch.Validators.Quorums.Quorum;
        return Chance.Below(3) switch
        {
            0 => [new(Self, highest, mine)],
            1 => [.. Enumerable.Repeat(new Report(Self, highest, mine), quorum)],
            _ =>
            [
                .. Signers(quorum, _ => mine)
                    .Select(signer => new Report(signer.Validator, highest, signer.Signature)),
            ],
        };
    }

    private Signature MySignature(Subject subject)
        => World.Signatures.Sign(Self, subject.Prepare(World.Genesis.Hash));

    private static IEnumerable<Signer> Signers(int count, Func<int, Signature> signature)
        => Enumerable.Range(0, count).Select(i => new Signer(new(i), signature(i)));
}

/// <summary>
/// As primary of a new view it takes the lowest base that any report names instead of the highest.
/// </summary>
internal sealed class LowBase : Liar
{
    private readonly SortedDictionary<View, SortedDictionary<ValidatorIndex, (ViewChange Said, Signature By)>>
        _asked = [];

    public override string Name => "low-base";

    protected override bool OnHear(Envelope envelope)
    {
        if (envelope.Message is ViewChange viewChange)
        {
            Note(envelope, viewChange);
        }

        return true;
    }

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        switch (envelope.Message)
        {
            case ViewChange viewChange:
                var low = new ViewChange(viewChange.Target, Epoch.StartCertificate);
                var mine = Sign(low);
                Note(mine, low);
                Send(mine, to);
                break;
            case NewView newView when LowestFor(newView.View) is { } lowest:
                Say(lowest, to.Only is { } only ? [only] : Others());
                break;
            default:
                Send(envelope, to);
                break;
        }
    }

    private void Note(Envelope envelope, ViewChange viewChange)
    {
        if (!_asked.TryGetValue(viewChange.Target, out var asked))
        {
            _asked[viewChange.Target] = asked = [];
        }

        asked[envelope.From] = (viewChange, envelope.Signature);
    }

    private NewView? LowestFor(View view)
    {
        if (!_asked.TryGetValue(view, out var asked) || asked.Count < Epoch.Validators.Quorums.Quorum)
        {
            return null;
        }

        var lowest = asked.Values.First().Said.Highest;
        foreach (var (said, _) in asked.Values)
        {
            lowest = lowest.Subject.Outranks(said.Highest.Subject) ? said.Highest : lowest;
        }

        return new(
            new(
                view,
                [.. asked.Select(
                    pair => new Report(pair.Key, pair.Value.Said.Highest.Subject, pair.Value.By))]),
            lowest);
    }
}

/// <summary>
/// Says again what was signed before: its own old words, and other primaries' old NEW-VIEWs.
/// </summary>
internal sealed class Replayer : Liar
{
    private const int Kept = 200;

    private readonly List<Envelope> _old = [];

    public override string Name => "replay";

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        Keep(envelope);
        Send(envelope, to);
    }

    protected override bool OnHear(Envelope envelope)
    {
        if (envelope.Message is NewView)
        {
            Keep(envelope);
        }

        return true;
    }

    protected override void Act()
    {
        for (var i = 0; i < 5 && _old.Count > 0; i++)
        {
            Send(Chance.Pick(_old), Recipients.Just(Chance.Pick([.. Others()])));
        }
    }

    private void Keep(Envelope envelope)
    {
        if (_old.Count == Kept)
        {
            _old.RemoveAt(Chance.Below(Kept));
        }

        _old.Add(envelope);
    }
}

/// <summary>
/// Changes what the honest code says at random: a field, and it signs that; or a bit, and it does not.
/// </summary>
internal sealed class Mutator : Liar
{
    public override string Name => "mutate";

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        if (!Chance.OneIn(3))
        {
            Send(envelope, to);
            return;
        }

        foreach (var receiver in to.Only is { } only ? [only] : Others())
        {
            if (Chance.OneIn(2) && envelope.Message is PromiseMessage promise)
            {
                Say(Changed(promise), receiver);
            }
            else
            {
                SendDamaged(envelope, receiver);
            }
        }
    }

    private PromiseMessage Changed(PromiseMessage message) => message switch
    {
        PrePrepare proposal when Chance.OneIn(2) => proposal with { View = Changed(proposal.View) },
        PrePrepare proposal => proposal with { Block = Sibling(proposal.Block, Chance.Between(-2, 2)) },
        Prepare prepare when Chance.OneIn(4) => new Commit(Changed(prepare.Subject)),
        Prepare prepare => new Prepare(Changed(prepare.Subject)),
        Commit commit => new Commit(Changed(commit.Subject)),
        ViewChange viewChange => viewChange with { Target = Changed(viewChange.Target) },
        NewView newView => newView with { Timeout = newView.Timeout with { View = Changed(newView.View) } },
        _ => message,
    };

    private Subject Changed(Subject subject) => Chance.Below(3) switch
    {
        0 => subject with { View = Changed(subject.View) },
        1 => subject with { Height = new(Math.Max(1, subject.Height.Value + (ulong)Chance.Below(3)) - 1) },
        _ => subject with { Block = AnyDigest() },
    };

    private View Changed(View view) => new(Math.Max(1, view.Value + (ulong)Chance.Below(3)) - 1);

    private void SendDamaged(Envelope envelope, ValidatorIndex receiver)
    {
        var bytes = PbftCodec.EncodeEnvelope(envelope);
        bytes[Chance.Below(bytes.Length)] ^= (byte)(1 << Chance.Below(8));
        foreach (var host in World.HostsOf(receiver))
        {
            Host.Life?.Send(host, new Parcel.Consensus(bytes), World.Now);
        }
    }
}
