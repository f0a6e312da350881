using System.Globalization;
using System.Text;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// A client that puts, compares and sets, and gets, one after the other, on a few keys that all clients
/// share. It asks one honest validator, and another one when the answer does not come, or now and then. What
/// it did and saw is the history.
/// </summary>
internal sealed class SimulatedClient
{
    public const string Namespace = "sim";

    private const int Keys = 3;

    private static readonly TimeSpan RequestTakes = TimeSpan.FromMicroseconds(200);
    private static readonly TimeSpan AnswerTakes = TimeSpan.FromMicroseconds(50);
    private static readonly TimeSpan ValidFor = TimeSpan.FromHours(12);

    private readonly Simulator _simulator;
    private readonly int _number;
    private readonly Chance _chance;
    private readonly Dictionary<string, ulong> _versions = [];
    private readonly TimeSpan _thinks;
    private readonly TimeSpan _patience;
    private readonly int _readsPercent;

    /// <summary>How often it asks another validator though the last one answered, in percent.</summary>
    private readonly int _roamsPercent;
    private HistoryEntry? _open;
    private Transaction? _transaction;
    private Host? _gateway;
    private bool _asked;
    private ulong _nonce;

    public SimulatedClient(Simulator simulator, int number, Chance chance)
    {
        _simulator = simulator;
        _number = number;
        _chance = chance;
        _thinks = TimeSpan.FromMilliseconds(chance.Pick([2, 10, 50, 400]));
        _patience = TimeSpan.FromMilliseconds(chance.Pick([200, 600, 2000]));
        _readsPercent = chance.Pick([10, 30, 80]);
        _roamsPercent = chance.Pick([0, 10, 100]);
        Key = KeyOf(number);
    }

    public SigningKey Key { get; }

    /// <summary>It waits for an answer.</summary>
    public bool IsWaiting => _open is not null;

    /// <summary>What has had no answer when the run ends.</summary>
    public HistoryEntry? Unanswered => _open;

    public static SigningKey KeyOf(int number)
        => SigningKey.FromSeed(Sha256.Hash(Encoding.UTF8.GetBytes($"client {number}")).ToArray());

    public void Begin() => ThinkThenAct();

    /// <summary>A validator made blocks final and tells whom it serves.</summary>
    public void OnFinal(Host host)
    {
        if (host == _gateway && _transaction is { } transaction && _open is { } open
            && host.Ledger.Find(transaction) is { } place)
        {
            _simulator.Watch.Told(host, transaction, place.Height);
            var applied = place.Receipt.IsApplied;
            _simulator.Agenda.After(AnswerTakes, () => Conclude(
                host, open, open with { Applied = applied, Version = applied ? place.Height.Value : null }));
        }
    }

    private void ThinkThenAct() => _simulator.Agenda.After(_chance.Between(TimeSpan.Zero, _thinks * 2), Act);

    private void Act()
    {
        if (!_simulator.ClientsAct || IsWaiting)
        {
            return;
        }

        _asked = false;
        var key = $"key-{_chance.Below(Keys)}";
        var value = $"{_number}-{_nonce}";
        var action = _chance.Percent(_readsPercent) ? KeyAction.Get
            : _chance.OneIn(2) ? KeyAction.CompareAndSet : KeyAction.Put;
        _open = new()
        {
            Client = _number,
            Action = action,
            Key = key,
            Value = action == KeyAction.Get ? null : value,
            Expected = action == KeyAction.CompareAndSet ? _versions.GetValueOrDefault(key) : null,
            Invoked = _simulator.Now.Ticks,
        };

        if (action == KeyAction.Get)
        {
            _simulator.Trace.Add(_simulator.Now, TraceKind.Client, _number, -1);
            Read(_open);
            return;
        }

        Operation operation = new Operation.Put(
            Namespace, key, Encoding.UTF8.GetBytes(value), _open.Expected);
        var until = _simulator.Genesis.Time.Plus(_simulator.Now + ValidFor);
        _transaction = Transaction.Sign(
            new(_simulator.Genesis.ChainId, Key.PublicKey, until, _nonce++, [operation]), Key);
        _simulator.Trace.Add(_simulator.Now, TraceKind.Client, _number, -1, _transaction.Encoded.Span);
        Submit(_transaction);
    }

    /// <summary>The same transaction may be sent again to anyone: it is applied once.</summary>
    private void Submit(Transaction transaction)
    {
        if (transaction != _transaction)
        {
            return;
        }

        Ask(gateway =>
        {
            gateway.Life?.Mempool.Admit(transaction, gossip: true);
            OnFinal(gateway);
        });
        _simulator.Agenda.After(_patience, () => Submit(transaction));
    }

    /// <summary>A read may be asked of anyone again, too: the first answer counts.</summary>
    private void Read(HistoryEntry open)
    {
        if (!ReferenceEquals(open, _open))
        {
            return;
        }

        var told = _simulator.Watch.HighestTold;
        Ask(gateway => gateway.Life?.Reads.Ask(() =>
        {
            _simulator.Watch.Serves(gateway, told);
            var entry = gateway.Ledger.ReadState(StateKey.ForEntry(Namespace, open.Key)) is { } bytes
                ? KeyEntry.Decode(bytes)
                : null;
            _simulator.Agenda.After(AnswerTakes, () => Conclude(gateway, open, open with
            {
                Applied = true,
                Seen = entry is null ? null : Encoding.UTF8.GetString(entry.Value.Span),
                Version = entry?.Version ?? 0,
            }));
        }));
        _simulator.Agenda.After(_patience, () => Read(open));
    }

    private void Ask(Action<Host> how)
    {
        var honest = _simulator.Hosts.Where(host => host.IsHonest && host.Life is not null).ToList();
        if (_asked || _gateway is null || !honest.Contains(_gateway) || _chance.Percent(_roamsPercent))
        {
            _gateway = honest.Count == 0 ? null : _chance.Pick(honest);
        }

        _asked = true;
        Tell($"asks R{_gateway?.Self} for {_open}");
        if (_gateway is { } gateway)
        {
            _simulator.Agenda.After(RequestTakes, () => gateway.WhenAwake(() => how(gateway)));
        }
    }

    private void Conclude(Host host, HistoryEntry open, HistoryEntry closed)
    {
        if (!ReferenceEquals(open, _open))
        {
            return;
        }

        _transaction = null;
        _open = null;
        if (closed is { Applied: true, Version: { } version })
        {
            _versions[closed.Key] = version;
        }

        closed = closed with { Returned = _simulator.Now.Ticks };
        _simulator.History.Add(closed);
        Tell($"is told by R{host.Self}: {closed}");
        ThinkThenAct();
    }

    private void Tell(string text)
    {
        if (_simulator.Trace.IsHeard)
        {
            _simulator.Trace.Tell(
                _simulator.Now, TraceKind.Client, -1, -1,
                $"client {_number.ToString(CultureInfo.InvariantCulture)} {text}");
        }
    }
}
