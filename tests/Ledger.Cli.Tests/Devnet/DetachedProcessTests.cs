using Ledger.Cli.Devnet;

namespace Ledger.Cli.Tests.Devnet;

public class DetachedProcessTests
{
    private const int SigKill = 9;

    [Fact]
    public async Task It_runs_from_the_moment_it_is_started_until_it_ends()
    {
        using TemporaryFolder folder = new();
        var mark = folder.Write("followed", "");
        DetachedProcess process = new(folder.Path, "follower", mark);
        Assert.Null(process.RunningPid());

        using var started = process.Start(["tail", "-f", mark]);
        Assert.Equal(started.Id, process.RunningPid());
        Assert.True(process.Send(SigKill));
        await started.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Null(process.RunningPid());
        Assert.False(process.Send(SigKill));
    }

    [Fact]
    public void Another_process_that_got_its_number_is_left_alone()
    {
        using TemporaryFolder folder = new();
        folder.Write("sleeper.pid", $"{Environment.ProcessId}");

        DetachedProcess process = new(folder.Path, "sleeper", "a mark that this process lacks");

        Assert.Null(process.RunningPid());
    }
}
