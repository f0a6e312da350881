using System.Threading.Channels;
using Ledger.Consensus;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Ledger.Node.Hosting;
using Ledger.Node.Mempool;
using Ledger.Node.Tests.Transport;
using Prometheus;

namespace Ledger.Node.Tests.Consensus;

/// <summary>When a block is made, and what is in it.</summary>
public sealed class ExecutionServiceTests : IAsyncDisposable
{
    private const int BlockMax = 5;

    private static readonly TimeSpan BatchDelay = TimeSpan.FromMilliseconds(20);

    private readonly FinalChain _chain = new(new TestChain(1));
    private readonly Channel<Input> _answers = Channel.CreateUnbounded<Input>();
    private readonly Channel<IReadOnlyList<FinalBlock>> _final =
        Channel.CreateUnbounded<IReadOnlyList<FinalBlock>>();
    private readonly List<Block> _proposed = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly SharedPool _pool;
    private readonly Admission _admission;
    private readonly ExecutionService _execution;
    private readonly Task _runs;

    public ExecutionServiceTests()
    {
        _pool = new(MempoolLimits.Default, Clock);
        _admission = new(
            _chain.Genesis, _chain.Store, _pool, Clock, Metrics.WithCustomRegistry(
                Metrics.NewCustomRegistry()));
        _execution = new(
            _chain.Machine, _pool, _admission, new(0), new(BlockMax, Limits.BlockBytes, BatchDelay), Clock,
            input => _answers.Writer.TryWrite(input), _proposed.Add, final => _final.Writer.TryWrite(final));
        _pool.OnReady = _execution.OnTransactionReady;
        _runs = DedicatedThread.Run("execution under test", () => _execution.Run(_stop.Token));
    }

    private ManualClock Clock => (ManualClock)_chain.Clock;

    private Digest Head => _chain.Genesis.Block.Hash;

    [Fact]
    public async Task With_nothing_under_way_a_block_is_made_at_once()
    {
        var transaction = Waiting();

        _execution.Propose(Wish(Head));

        var block = (await ProposedAsync()).Block;
        Assert.Equal([transaction], block.Transactions);
        Assert.Equal([block], _proposed);
        Assert.Equal(0, _pool.Ready);
    }

    [Fact]
    public async Task A_wish_stands_until_a_transaction_is_ready()
    {
        _execution.Propose(Wish(Head));
        await SettledAsync();

        var transaction = Waiting();

        Assert.Equal([transaction], (await ProposedAsync()).Block.Transactions);
    }

    [Fact]
    public async Task At_rest_a_wish_waits_for_the_operator_and_one_for_an_empty_block_does_not()
    {
        _execution.Rest(true);
        _execution.Propose(Wish(Head));
        var transaction = Waiting();
        await SettledAsync();

        _execution.Rest(false);

        Assert.Equal([transaction], (await ProposedAsync()).Block.Transactions);
        _execution.Rest(true);
        _execution.Propose(Wish(Head) with { AllowEmpty = true });
        Assert.Equal(Head, (await ProposedAsync()).Block.Parent);
    }

    [Fact]
    public async Task Behind_others_a_block_waits_for_company()
    {
        var parent = await UnderWayAsync();
        var transaction = Waiting();
        _execution.Propose(Wish(parent));
        await SettledAsync();

        Clock.Advance(BatchDelay.TotalSeconds - 0.001);
        await SettledAsync();
        var second = Waiting();
        Clock.Advance(0.001);

        Assert.Equal([transaction, second], (await ProposedAsync()).Block.Transactions);
    }

    [Fact]
    public async Task With_nothing_under_way_a_block_waits_a_little_for_as_many_as_the_last_one_had()
    {
        await FinalAsync(transactions: 2);
        var transaction = Waiting();
        _execution.Propose(Wish(_chain.Machine.HeadHash));
        await SettledAsync();

        var second = Waiting();

        Assert.Equal([transaction, second], (await ProposedAsync()).Block.Transactions);
    }

    [Fact]
    public async Task With_nothing_under_way_it_waits_no_longer_than_a_part_of_what_it_waits_behind_others()
    {
        await FinalAsync(transactions: 2);
        var transaction = Waiting();
        _execution.Propose(Wish(_chain.Machine.HeadHash));
        await SettledAsync();

        Clock.Advance(BatchDelay.TotalSeconds / 5);

        Assert.Equal([transaction], (await ProposedAsync()).Block.Transactions);
    }

    [Fact]
    public async Task A_full_block_waits_for_nobody()
    {
        var parent = await UnderWayAsync();
        Enumerable.Range(0, BlockMax + 1).ToList().ForEach(_ => Waiting());

        _execution.Propose(Wish(parent));

        Assert.Equal(BlockMax, (await ProposedAsync()).Block.Transactions.Count);
        Assert.Equal(1, _pool.Ready);
    }

    [Fact]
    public async Task An_empty_block_that_is_allowed_is_made_at_once_behind_others_too()
    {
        var parent = await UnderWayAsync();

        _execution.Propose(Wish(parent, allowEmpty: true));

        Assert.Empty((await ProposedAsync()).Block.Transactions);
    }

    [Fact]
    public async Task What_became_final_meanwhile_makes_no_block_and_the_wish_stands()
    {
        var known = Keys.Put(Clock);
        _chain.Grow([known]);
        _pool.TryAdd(known);
        _execution.Propose(Wish(_chain.Machine.HeadHash));
        await SettledAsync();

        var transaction = Waiting();

        Assert.Equal([transaction], (await ProposedAsync()).Block.Transactions);
    }

    [Fact]
    public async Task A_new_view_forgets_the_wish_and_frees_what_was_packed()
    {
        await UnderWayAsync();
        _execution.Propose(Wish(Head));
        _execution.OnViewEntered();
        await SettledAsync();

        Assert.Equal(1, _pool.Ready);
        Assert.Single(_proposed);
    }

    [Fact]
    public async Task A_valid_block_sets_its_transactions_aside()
    {
        var (inBlock, other) = (Waiting(), Waiting());
        LedgerMachine another = new(_chain.Genesis, _chain.Store);
        var block = another.Propose(
            Head, [inBlock], Keys.TimeOf(Clock), new(0), BlockMax, Limits.BlockBytes)!;

        Assert.Null(await VerdictOnAsync(block));

        Assert.Equal([other], _pool.Take(10, int.MaxValue));
    }

    [Fact]
    public async Task A_block_with_a_bad_signature_is_not_valid_and_leaves_the_pool_alone()
    {
        var transaction = Waiting();
        LedgerMachine another = new(_chain.Genesis, _chain.Store);
        var block = another.Propose(
            Head, [Keys.Forged(transaction)], Keys.TimeOf(Clock), new(0), BlockMax, Limits.BlockBytes)!;

        Assert.NotNull(await VerdictOnAsync(block));

        Assert.Equal(1, _pool.Ready);
    }

    [Fact]
    public async Task What_is_final_is_told_with_its_receipts()
    {
        var transaction = Waiting();
        _execution.Propose(Wish(Head));
        var block = (await ProposedAsync()).Block;

        _execution.Finalise(new([block], [_chain.Certify(block)]));

        Assert.Equal(new Input.Finalised(new(1)), await NextAsync());
        var final = Assert.Single(await _final.Reader.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal(transaction.Hash, Assert.Single(final.Receipts).Transaction);
        Assert.Equal(block.Hash, _chain.Store.HeadHash);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _runs;
        await _admission.DisposeAsync();
        _execution.Dispose();
        _chain.Dispose();
        _stop.Dispose();
    }

    private static ProposalRequest Wish(Digest parent, bool allowEmpty = false)
        => new(View.Zero, new(1), parent, allowEmpty);

    private Transaction Waiting()
    {
        var transaction = Keys.Put(Clock);
        Assert.Equal(AdmitResult.Added, _pool.TryAdd(transaction));
        return transaction;
    }

    private async Task<Input> NextAsync()
    {
        using var deadline = new CancellationTokenSource(TestChain.Deadline);
        return await _answers.Reader.ReadAsync(deadline.Token);
    }

    private async Task<Input.Proposed> ProposedAsync() => Assert.IsType<Input.Proposed>(await NextAsync());

    /// <summary>A block of one transaction that is proposed and not final.</summary>
    private async Task<Digest> UnderWayAsync()
    {
        Waiting();
        _execution.Propose(Wish(Head));
        return (await ProposedAsync()).Block.Hash;
    }

    /// <summary>A block that was proposed here and is final.</summary>
    private async Task FinalAsync(int transactions)
    {
        for (var i = 0; i < transactions; i++)
        {
            Waiting();
        }

        _execution.Propose(Wish(Head));
        var block = (await ProposedAsync()).Block;
        Assert.Equal(transactions, block.Transactions.Count);
        _execution.Finalise(new([block], [_chain.Certify(block)]));
        Assert.IsType<Input.Finalised>(await NextAsync());
        await _final.Reader.ReadAsync(TestContext.Current.CancellationToken);
    }

    private async Task<string?> VerdictOnAsync(Block block)
    {
        _execution.Validate(block, isVouched: false);
        return Assert.IsType<Input.Judged>(await NextAsync()).Fault;
    }

    /// <summary>
    /// Returns when the executor has looked at its wish since this call, and made nothing of it: of two
    /// questions, it looks at the latest between them.
    /// </summary>
    private async Task SettledAsync()
    {
        var valid = _chain.Store.ReadBlock(_chain.Store.Head!.Height)!;
        Assert.Null(await VerdictOnAsync(valid));
        Assert.Null(await VerdictOnAsync(valid));
    }
}
