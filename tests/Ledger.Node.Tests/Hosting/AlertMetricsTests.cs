using System.Globalization;
using System.Text;
using Ledger.Core;
using Ledger.Node.Consensus;
using Ledger.Node.Hosting;
using Ledger.Node.Tests.Transport;
using Prometheus;

namespace Ledger.Node.Tests.Hosting;

public sealed class AlertMetricsTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly FinalChain _chain;
    private readonly AlertMetrics _metrics;

    public AlertMetricsTests()
    {
        _chain = new(new(4), _clock);
        _metrics = NewMetrics(Path.GetTempPath());
    }

    public void Dispose() => _chain.Dispose();

    [Fact]
    public async Task Who_signed_a_certificate_is_counted_and_who_did_not_stays_at_zero()
    {
        Finalise();
        Finalise();

        Assert.Equal(2, await ReadAsync("ledger_certificates_total"));
        Assert.Equal(2, await ReadAsync("ledger_certificate_signatures_total{validator=\"validator-2\"}"));
        Assert.Equal(0, await ReadAsync("ledger_certificate_signatures_total{validator=\"validator-3\"}"));
    }

    [Fact]
    public async Task Our_own_signature_is_not_counted()
    {
        Finalise();

        Assert.Null(await ReadAsync("ledger_certificate_signatures_total{validator=\"validator-0\"}"));
    }

    [Fact]
    public async Task A_block_that_a_descendant_made_final_counts_for_nobody()
    {
        Finalise(isCertified: false);

        Assert.Equal(0, await ReadAsync("ledger_certificates_total"));
        Assert.Equal(0, await ReadAsync("ledger_certificate_signatures_total{validator=\"validator-1\"}"));
    }

    [Fact]
    public async Task The_quorum_the_room_and_the_clock_are_told()
    {
        _clock.Advance(seconds: 1.5);

        Assert.Equal(4, await ReadAsync("ledger_validators"));
        Assert.Equal(3, await ReadAsync("ledger_quorum"));
        Assert.Equal(7, await ReadAsync("ledger_mempool_transactions_max"));
        Assert.Equal(9, await ReadAsync("ledger_mempool_bytes_max"));
        Assert.Equal(
            _clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0, await ReadAsync("ledger_clock_seconds"));
    }

    [Fact]
    public async Task The_disk_of_the_data_folder_is_measured()
    {
        var free = await ReadAsync("ledger_disk_free_bytes");

        Assert.InRange(free!.Value, 1, (await ReadAsync("ledger_disk_size_bytes"))!.Value);
    }

    [Fact]
    public async Task A_disk_that_is_gone_has_nothing_free()
    {
        var registry = Metrics.NewCustomRegistry();
        _ = NewMetrics("/nowhere/at/all", registry);

        Assert.Equal(0, await ReadAsync("ledger_disk_free_bytes", registry));
    }

    private AlertMetrics NewMetrics(string dataDir, CollectorRegistry? registry = null) => new(
        Metrics.WithCustomRegistry(registry ?? _registry), DirectoryOfFirst(), new(7, 9, 50), dataDir, _clock,
        registry ?? _registry);

    private ValidatorDirectory DirectoryOfFirst() => new(
        _chain.Genesis, _chain.Genesis.Validators[new(0)].PublicKey, Epoch.First(_chain.Genesis),
        ValidatorHistory.Of(_chain.Genesis));

    private void Finalise(bool isCertified = true)
    {
        var block = _chain.Grow([Keys.Put(_clock)]);
        _metrics.Finalised(new(block, isCertified ? _chain.Certify(block) : null, [], [], []));
    }

    private async Task<double?> ReadAsync(string series, CollectorRegistry? registry = null)
    {
        using MemoryStream text = new();
        await (registry ?? _registry)
            .CollectAndExportAsTextAsync(text, TestContext.Current.CancellationToken);
        var line = Encoding.UTF8.GetString(text.ToArray()).Split('\n')
            .FirstOrDefault(line => line.StartsWith(series + " ", StringComparison.Ordinal));
        return line is null
            ? null : double.Parse(line.AsSpan(series.Length + 1), CultureInfo.InvariantCulture);
    }
}
